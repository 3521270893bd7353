// Somebody with a browser, who reads every page that they come to: is it accessible, does it fit, is it in their
// language, does it keep to its security policy?

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class Reader {
  /** `language` is `zh` or `en`; `width` in CSS pixels. */
  constructor(context, { url, language, width }) {
    Object.assign(this, { context, url, language, width, seen: new Set(), faults: [], isCutOff: false });
  }

  static async start(browser, options) {
    const { language, width } = options;
    const context = await browser.newContext({
      viewport: { width, height: width < 600 ? 780 : 900 },
      locale: language === "zh" ? "zh-CN" : "en-GB",
      // axe is put into the page by the browser itself; the pages' own policy is judged by what the console says.
      bypassCSP: false,
    });
    // A machine that tests other things as well is slow, and that is no fault of a page.
    context.setDefaultTimeout(180_000);
    const reader = new Reader(context, options);
    reader.page = await context.newPage();
    reader.page.on("console", (message) => {
      const text = message.text();
      const isWanted = /status of (403|404|422)/.test(text) || (reader.isCutOff && text.includes("net::ERR_"));
      if (message.type() === "error" && !isWanted) reader.fault(`the browser says: ${text}`);
    });
    reader.page.on("pageerror", (error) => reader.fault(`a script fails: ${error}`));
    return reader;
  }

  fault(words) {
    this.faults.push(`${this.language} ${this.width}px ${this.page?.url() ?? ""}: ${words}`);
  }

  /** The words in the reader's language. */
  t(zh, en) {
    return this.language === "zh" ? zh : en;
  }

  async open(path) {
    const answer = await this.page.goto(this.url + path, { waitUntil: "load" });
    if (answer && answer.status() >= 400) this.fault(`status ${answer.status()}`);
    await this.look();
  }

  /** Presses what is found and waits for the page that it leads to. */
  async press(target) {
    const place = typeof target === "string" ? this.page.locator(target).first() : target.first();
    await Promise.all([this.page.waitForNavigation({ waitUntil: "load" }), place.click()]);
    await this.look();
  }

  async fill(name, value) {
    const field = this.page.locator(`[name="${name}"]:not([type=hidden])`).first();
    if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }

  async has(words) {
    const text = await this.page.locator("body").innerText();
    if (!text.includes(words)) this.fault(`does not say “${words}”: ${text.slice(0, 1500)}`);
  }

  /** Reads the page as it is. */
  async look() {
    const { page } = this;
    const state = new URL(page.url());
    const kind = state.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/[a-z]+-\d{4}-\d{8}/, "NUMBER");
    const found = await page.evaluate(read, this.language);
    for (const words of found) this.fault(words);
    // The rules of accessibility take a while, and a page of a kind is like the next.
    const key = `${kind} ${await page.locator("[aria-invalid]").count()}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    await this.judge(await this.axe(), "");
    if (this.language !== "en" || this.width < 600) return;
    // The colours of the dark look, and what is left on paper.
    await page.emulateMedia({ colorScheme: "dark" });
    await this.judge(await this.axe(["color-contrast"]), "dark: ");
    await page.emulateMedia({ colorScheme: null, media: "print" });
    for (const words of await page.evaluate(printed)) this.fault(words);
    await page.emulateMedia({ media: null });
  }

  async judge(violations, look) {
    for (const violation of violations) {
      if (["serious", "critical"].includes(violation.impact)) {
        const places = violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary}`);
        this.fault(`axe: ${look}${violation.id}: ${violation.help}: ${places.join(" | ")}`);
      }
    }
  }

  /** What the rules of accessibility find; all of the rules, or those of `only`. */
  async axe(only) {
    // In a world of its own, which the page's policy does not bind.
    const session = await this.context.newCDPSession(this.page);
    const { frameTree } = await session.send("Page.getFrameTree");
    const world = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
    const contextId = world.executionContextId;
    await session.send("Runtime.evaluate", { expression: AXE, contextId });
    const rules = only ? { runOnly: only } : {};
    const asked = await session.send("Runtime.evaluate", {
      expression: `axe.run(document, ${JSON.stringify({ resultTypes: ["violations"], ...rules })}).then((all) => JSON.stringify(all.violations))`,
      contextId,
      awaitPromise: true,
      returnByValue: true,
    });
    await session.detach();
    if (asked.exceptionDetails) throw new Error(JSON.stringify(asked.exceptionDetails));
    return JSON.parse(asked.result.value);
  }
}

/** Runs in the page: what is wrong with it on paper. */
function printed() {
  const faults = [];
  const isShown = (element) => element.getClientRects().length > 0;
  if ([...document.querySelectorAll("header nav, footer, main form")].some(isShown)) faults.push("prints what nobody can use on paper");
  if (!isShown(document.querySelector("h1"))) faults.push("prints no heading");
  return faults;
}

/** Runs in the page: what is wrong with it for a reader of `language`. */
function read(language) {
  const faults = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > innerWidth + 1) faults.push(`is ${root.scrollWidth} px wide and the window ${innerWidth}`);
  if (document.querySelectorAll("h1").length !== 1) faults.push("has not one heading of the first order");
  if (!document.documentElement.lang.startsWith(language)) faults.push(`is in ${document.documentElement.lang}`);
  const other = language === "zh" ? "[lang=en]" : "[lang^=zh]";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!element || element.closest(`script, style, code, pre, bdi, textarea, ${other}, [data-own-words]`)) continue;
    const text = node.textContent.trim();
    const foreign = language === "zh" ? /[A-Za-z]{2,}(?:[ ,.]+[A-Za-z]{2,}){2,}/ : /[\u4e00-\u9fff]/;
    if (foreign.test(text)) faults.push(`has an untranslated text: “${text.slice(0, 80)}”`);
  }
  for (const element of document.querySelectorAll("dt, dd, th, td, label, a, button")) {
    const { width, height } = element.getBoundingClientRect();
    if (element.innerText?.length > 3 && width < 40 && height > 3 * width) faults.push(`squeezes “${element.innerText.slice(0, 40)}”`);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("tbody tr")) faults.push("has an empty table");
  }
  return faults;
}
