// node shots.js URL CHROMIUM FOLDER LANGUAGE [region]: pictures of pages for the documents, or of the region alone; see
// docs/CONSOLE.md.

import { chromium } from "playwright-core";
import { group, signIn } from "./walk.js";
import { Reader } from "./reader.js";

const [url, executablePath, folder, language, only] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const reader = await Reader.start(browser, { url, language, width: 1280 });
const { page } = reader;

async function picture(name, path, options) {
  await page.goto(url + path);
  await page.waitForFunction(() => document.documentElement.dataset.live === "on");
  await page.screenshot({ path: `${folder}/${name}.png`, ...options });
}

/** The first link of the page that begins so. */
const first = (start) => page.locator(`main a[href^='${start}']`).first().getAttribute("href");

await page.goto(`${url}/region`);
// What nothing was sold for shows nothing: the other currency then.
const other = page.locator("select[name=asset] option:not([selected])").first();
const isQuiet = (await page.locator("#map .nothing").count()) && (await other.count());
const choice = isQuiet ? `?asset=${encodeURIComponent(await other.getAttribute("value"))}` : "";
await picture("region", `/region${choice}`, { fullPage: true });
if (only) {
  await browser.close();
  process.exit();
}
await picture("home", "/");
await picture("market", "/market");
await picture("product", await first("/market/"), { fullPage: true });
await picture("statistics", "/statistics");
await picture("ledger", "/ledger");
await signIn(reader, group(0));
await picture("day", "/day");
await picture("certifications", "/certifications");
await page.goto(`${url}/certificates`);
const certificate = await page.locator("main a[href^='/certificates/']:not([href$='/check'])").first();
if (await certificate.count()) {
  await page.goto(url + (await certificate.getAttribute("href")));
  await page.locator("#verify").click();
  await page.waitForFunction(() => ["done", "problem"].includes(document.getElementById("verdict").className));
  await page.screenshot({ path: `${folder}/certificate.png`, fullPage: true });
  const number = new URL(page.url()).pathname.split("/").pop();
  await picture("trace", `/ledger/trace/${number}`);
}
await signIn(reader, group(2));
await picture("shop", "/shop");
await picture("money", "/money");
await browser.close();
for (const fault of reader.faults) console.log(`FAULT ${fault}`);
