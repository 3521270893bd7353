// What a new user does, with nothing but the pages: buy a product, receive it, find the certificate, verify it in the
// browser, and see it in the operator's window.

import { Reader } from "./reader.js";
import { Wire } from "./wire.js";

/** The pages that everybody can open. */
const PUBLIC = ["/", "/market", "/region", "/statistics", "/ledger", "/ledger/trace", "/ledger/anchors", "/certificates/check", "/rules", "/health"];
const PAGES = {
  buyer: ["/orders", "/licences", "/deliveries", "/bills", "/certificates", "/disputes", "/refunds", "/money"],
  supplier: ["/shop", "/shop/orders", "/shop/rights", "/shop/new", "/money", "/disputes", "/refunds"],
  operator: ["/day", "/day/windows", "/day/breaks", "/day/confirm", "/day/reconcile", "/certifications", "/certifications/new", "/desk", "/orders"],
  auditor: ["/ledger", "/orders", "/certifications", "/day", "/licences"],
};

/** The whole walk; gives what is wrong. */
export async function walk(browser, options) {
  return goes(browser, options, async (reader) => {
    await visitor(reader);
    const sale = await buys(reader);
    await delivers(reader, sale);
    await accepts(reader, sale);
    await certifies(reader, sale);
    await verifies(reader, sale);
    await audits(reader, sale);
  });
}

/** The end of an operator's day, which takes two people; gives what is wrong. */
export async function closesTheDay(browser, options) {
  return goes(browser, options, async (reader) => {
    const { page } = reader;
    const first = await signIn(reader, group(0));
    await reader.open("/day");
    await reader.open("/day/windows?state=open");
    await reader.press("main a[href^='/day/windows/CNY-2/']");
    const window = page.url().split("?")[0];
    const state = (zh, en) => reader.has(reader.t(zh, en));
    await reader.press("main .actions a[href$='/close']");
    await slowly(reader, "/close", async () => reader.press("main form[method=post] button[type=submit]"));
    await state("关闭中，待签名", "Closing, to be signed");
    await reader.press("main .actions a[href$='/sign']");
    await reader.press("main form[method=post] button[type=submit]");
    await state("待第二人复核", "to be checked by a second person");
    if (await page.locator("main .actions a[href$='/sign']").count()) reader.fault("asks the same person to sign again");

    const second = await signIn(reader, (page) => page.locator("ul.cards").first().locator("button[name=person]").filter({ hasNotText: first }));
    if (second === first) reader.fault("the second person is the first");
    await reader.open("/day");
    await reader.open(new URL(window).pathname);
    await reader.press("main .actions a[href$='/sign']");
    await reader.press("main form[method=post] button[type=submit]");
    await state("已关闭，待生成付款指令", "Closed, payments to be made out");
    await reader.press("main .actions a[href$='/instruct']");
    await reader.press("main form[method=post] button[type=submit]");
    await state("已结算", "Settled");
  });
}

async function goes(browser, options, way) {
  const reader = await Reader.start(browser, options);
  try {
    await way(reader);
  } catch (error) {
    reader.fault(`the walk ends: ${error.stack}`);
  }
  await reader.context.close();
  return reader.faults;
}

/** A node that takes long is seen to be at work: its answer is held back until the page has said so. */
async function slowly(reader, ending, act) {
  const { page } = reader;
  const isIts = (url) => url.pathname.endsWith(ending);
  let say;
  const said = new Promise((resolve) => (say = resolve));
  await page.exposeFunction("saysItIsAtWork", say);
  await page.evaluate(() => {
    const tell = () => {
      const place = document.querySelector(".working:has(progress)");
      if (place) globalThis.saysItIsAtWork(place.innerText);
    };
    new MutationObserver(tell).observe(document.body, { childList: true, subtree: true });
  });
  await page.route(isIts, async (route) => {
    if (route.request().method() === "POST") {
      const words = await said;
      if (!words.includes(reader.t("正在处理", "At work"))) reader.fault(`says of its work: ${words}`);
    }
    await route.continue();
  });
  await act();
  await page.unroute(isIts);
}

async function visitor(reader) {
  for (const path of PUBLIC) await reader.open(path);
  await losesTheNode(reader);
  await reader.open("/");
  // The other language, and back.
  await reader.page.locator("header a[hreflang]").click();
  const [own, other] = reader.language === "zh" ? ["zh", "en"] : ["en", "zh"];
  await reader.page.waitForSelector(`html[lang^=${other}]`);
  await reader.page.locator("header a[hreflang]").click();
  await reader.page.waitForSelector(`html[lang^=${own}]`);
}

/** A lost connection is said, and once the node is back the page is live again and shows what is true now. */
async function losesTheNode(reader) {
  const { page } = reader;
  const isLive = (state) => page.waitForFunction((state) => document.documentElement.dataset.live === state, state);
  const wire = new Wire(new URL(reader.url));
  const port = await wire.connect(0);
  await page.goto(`http://127.0.0.1:${port}/ledger`);
  await isLive("on");
  // What the browser says of its network is no fault until the way back is found.
  reader.isCutOff = true;
  await wire.cut();
  await isLive("off");
  await reader.has(reader.t("连接已断开", "connection lost"));
  const renewed = page.waitForResponse((answer) => answer.request().resourceType() === "fetch" && answer.ok());
  await wire.connect(port);
  await isLive("on");
  await renewed;
  await page.goto("about:blank");
  reader.isCutOff = false;
  await wire.cut();
}

/** Signs in as the first whose name begins with `name`, or as the first of the group `place`. */
export async function signIn(reader, find) {
  const { page } = reader;
  await page.goto(`${reader.url}/`);
  const out = page.locator("form[action='/sign-out'] button");
  if (await out.count()) {
    // By way of the provider, which forgets who it was, and back to the first page.
    const back = page.waitForResponse((answer) => answer.request().isNavigationRequest() && new URL(answer.url()).pathname === "/");
    await Promise.all([back, out.click()]);
    await page.waitForLoadState("load");
  }
  await page.locator("header a[href^='/sign-in']").click();
  await page.waitForURL("**/oidc/**");
  await page.waitForSelector("main");
  if (!page.url().includes("/oidc/")) throw new Error(`signing in begins at ${page.url()}`);
  await reader.look();
  const person = find(page);
  if (!(await person.count())) throw new Error(`nobody to sign in as at ${page.url()}`);
  const name = (await person.first().innerText()).trim();
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith("/oidc")), person.first().click()]);
  await page.waitForSelector(".person");
  return name;
}

export const group = (index) => (page) => page.locator("ul.cards").nth(index).locator("button[name=person]");
export const called = (name) => (page) => page.getByRole("button", { name, exact: true });

async function buys(reader) {
  const { page } = reader;
  const buyer = await signIn(reader, group(3));
  for (const path of PAGES.buyer) await reader.open(path);
  await reader.open("/market");
  const products = await page.locator("main a[href^='/market/']").evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute("href")))]);
  for (const product of products) {
    await reader.open(product);
    const order = page.locator("a[href^='/order?offer=']");
    if (!(await order.count())) continue;
    await reader.press(order);
    // A mistake is answered beside the field, and nothing typed is lost.
    await page.locator("[name=purpose]").selectOption({ index: 1 });
    const purpose = await page.locator("[name=purpose]").inputValue();
    await reader.fill("quantity", reader.t("很多", "many"));
    await reader.fill("reference", `walk-${reader.language}-${reader.width}`);
    await reader.press("main form[action='/order/check'] button, main form button[type=submit]");
    const wrong = page.locator("[name=quantity][aria-invalid=true]");
    if (!(await wrong.count())) reader.fault("does not say beside the field what is wrong with the quantity");
    if ((await page.locator("[name=quantity]").inputValue()) !== reader.t("很多", "many")) reader.fault("loses what was typed");
    if ((await page.locator("[name=purpose]").inputValue()) !== purpose) reader.fault("loses what was chosen");
    await reader.fill("quantity", "1");
    await reader.press("main form[action='/order/check'] button, main form button[type=submit]");
    await reader.press("main form[method=post] button[type=submit]");
    if (!page.url().includes("/order/done/")) continue;
    const id = page.url().match(/[0-9a-f]{8}-[0-9a-f-]{27}/)[0];
    await reader.press(`main a[href='/orders/${id}']`);
    const supplier = await page.evaluate(async (product) => {
      const answer = await fetch(product);
      const text = new DOMParser().parseFromString(await answer.text(), "text/html");
      const terms = [...text.querySelectorAll("dt")].filter((term) => ["供方", "Supplier"].includes(term.textContent.trim()));
      return terms[0]?.nextElementSibling.textContent.trim();
    }, product);
    return { id, buyer, product, supplier };
  }
  throw new Error("no product could be bought");
}

async function delivers(reader, sale) {
  const { page } = reader;
  await signIn(reader, called(sale.supplier));
  for (const path of PAGES.supplier) await reader.open(path);
  await reader.open(`/shop/products/${sale.product.split("/").pop()}`);
  await reader.open(`/shop/orders/${sale.id}/delivery`);
  await page.locator("[name=method]").selectOption({ index: 1 });
  await reader.fill("evidence", `sha256:${"0f".repeat(32)}`);
  await reader.press("main form[method=post] button[type=submit]");
  if (!page.url().includes("done=")) reader.fault("the delivery is not recorded");
}

async function accepts(reader, sale) {
  await signIn(reader, called(sale.buyer));
  await reader.open(`/orders/${sale.id}`);
  await reader.press("a[href$='/acceptance']");
  await reader.press("main form[method=post] button[type=submit]");
  if (!reader.page.url().includes("done=")) reader.fault("the acceptance is not recorded");
  await reader.open("/bills");
}

async function certifies(reader, sale) {
  const { page } = reader;
  await signIn(reader, group(0));
  for (const path of PAGES.operator) await reader.open(path);
  await reader.open("/desk");
  await reader.open(`/desk/certificates/${sale.id}`);
  await reader.press("main form[method=post] button[type=submit]");
  if (!page.url().includes("done=")) reader.fault("the certificate is not issued");
  // The sale is in the window that is open now.
  await reader.open("/day");
  const windows = page.locator("main a[href^='/day/windows/']");
  if (!(await windows.count())) reader.fault("the day shows no window");
  else await reader.press(windows);
}

async function verifies(reader, sale) {
  const { page } = reader;
  await signIn(reader, called(sale.buyer));
  await reader.open(`/orders/${sale.id}`);
  await reader.press("main a[href^='/certificates/']");
  const verdict = async () => {
    await page.locator("#verify").click();
    // While it works it remarks so.
    await page.waitForFunction(() => ["done", "problem"].includes(document.getElementById("verdict").className));
    return page.locator("#verdict").getAttribute("class");
  };
  if ((await verdict()) !== "done") reader.fault("its certificate does not verify in the browser");
  await reader.look();
  // One altered byte on the way, and it is refused.
  await page.route("**/v1/certificates/*/file", async (route) => {
    const answer = await route.fetch();
    const text = await answer.text();
    const place = text.indexOf("\"entry\"") + 30;
    const altered = text.slice(0, place) + (text[place] === "A" ? "B" : "A") + text.slice(place + 1);
    await route.fulfill({ response: answer, body: altered });
  });
  await page.reload();
  if ((await verdict()) === "done") reader.fault("an altered certificate verifies");
  await page.unroute("**/v1/certificates/*/file");
  await reader.open(`/ledger/trace/${sale.id}`);
}

async function audits(reader, sale) {
  await signIn(reader, group(1));
  for (const path of PAGES.auditor) await reader.open(path);
  await reader.open(`/ledger/entries/${sale.id}`);
  await reader.open(`/ledger/trace/${sale.product.split("/").pop()}`);
}
