// Opens pages in Chromium and tells as JSON what became of them; standard input is {chromium, tools, jobs: [{file, scheme, width, shot?, pdf?, axe?}]}.
// Everything is asked from outside of the page, so that its content policy holds for all that stands in it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium, tools, jobs } = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(`${tools}/`);
const axe = readFileSync(require.resolve("axe-core"), "utf8");
const browser = await require("playwright-core").chromium.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const told = [];
for (const job of jobs) {
  const page = await browser.newPage({ colorScheme: job.scheme ?? "light", viewport: { width: job.width ?? 1280, height: 900 } });
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push("dialog"); dialog.dismiss(); });
  await page.goto(`file://${job.file}`, { waitUntil: "load" });
  const found = await page.evaluate(() => ({
    pwned: window.pwned ?? null,
    wider: document.documentElement.scrollWidth - window.innerWidth,
    images: [...document.images].filter((image) => image.naturalWidth > 0).length,
    hidden: getComputedStyle(document.body).visibility === "hidden" || getComputedStyle(document.body).display === "none",
    red: [...document.querySelectorAll("[data-probe]")].filter((one) => getComputedStyle(one).color === "rgb(1, 2, 3)").length,
    base: document.baseURI,
  }));
  if (job.shot) await page.screenshot({ path: job.shot, fullPage: true });
  if (job.axe) {
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    found.axe = violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html} (${node.failureSummary})`).join("; ")}`);
  }
  if (job.pdf) await page.pdf({ path: job.pdf, preferCSSPageSize: true, printBackground: true });
  told.push({ ...found, said });
  await page.close();
}
await browser.close();
process.stdout.write(JSON.stringify(told));
