// node main.js URL CHROMIUM [FOLDER]: walks the console at URL in both languages, on a desk and on a phone.

import { chromium } from "playwright-core";
import { closesTheDay, walk } from "./walk.js";

const [url, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const faults = [];
// Two at a time: each waits for the node half of its time.
for (const pair of [[["en", 1280], ["zh", 360]], [["zh", 1280], ["en", 360]]]) {
  await Promise.all(pair.map(async ([language, width]) => {
    const found = await walk(browser, { url, language, width });
    console.log(`${language} ${width} px: ${found.length} faults`);
    faults.push(...found);
  }));
}
// Alone: whoever closes the window takes it from the others.
const found = await closesTheDay(browser, { url, language: "zh", width: 1280 });
console.log(`the day: ${found.length} faults`);
faults.push(...found);
await browser.close();
for (const fault of [...new Set(faults)]) console.log(`FAULT ${fault}`);
process.exitCode = faults.length ? 1 : 0;
