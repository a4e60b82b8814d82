import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manualHtml } from "../../src/report/manual/html.ts";
import { manualOf } from "../../src/report/manual/model.ts";
import { temporaryFolder } from "../support/cli.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const isMissing = executablePath === undefined && process.env["CI"] !== "true";
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const html = await manualHtml(
  manualOf({
    title: "A machine",
    description: "All of it, see `docs` and https://example.org/.",
    required: ["name"],
    properties: {
      name: { type: "string", description: "Its name.", examples: ["node1"] },
      ntp: {
        type: "object",
        description: "Time.",
        properties: Object.fromEntries(
          Array.from({ length: 60 }, (_, index) => [
            `server-${index}`,
            { type: "string", description: `Number ${index}.`, default: "x".repeat(120), pattern: "y".repeat(90) },
          ]),
        ),
        examples: [{ "server-0": "a.very.long.name.example.org/".repeat(8), flag: true, number: 5 }],
      },
      password: { type: "string", "x-kanod-secret": true },
      a: { $ref: "#/definitions/shared" },
      b: { $ref: "#/definitions/shared" },
    },
    definitions: { shared: { type: "object", properties: { x: { enum: ["one", "two"] } } } },
  }),
);

/** Opens the page from a file; it must not ask for anything else. */
async function open(browser: Browser, options: Parameters<Browser["newPage"]>[0]): Promise<Page> {
  const file = join(temporaryFolder(), "docs.html");
  writeFileSync(file, html);
  const page = await browser.newPage({ ...options, bypassCSP: true });
  page.on("request", (request) => expect(request.url()).toBe(`file://${file}`));
  page.on("pageerror", (error) => expect.fail(String(error)));
  await page.goto(`file://${file}`);
  return page;
}

describe.skipIf(isMissing)("the page of the manual, in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? "chromium", args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());

  test.each([
    ["light", "light", 1280],
    ["dark", "dark", 1280],
    ["light, on a phone", "light", 390],
    ["dark, on a phone", "dark", 390],
  ] as const)("is accessible: %s", async (_, colorScheme, width) => {
    const page = await open(browser, { colorScheme, viewport: { width, height: 800 } });
    await page.addScriptTag({ content: readFileSync(axe, "utf8") });
    const found = await page.evaluate(async () => {
      const { violations, passes } = await (
        globalThis as never as {
          axe: {
            run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[]; passes: { id: string }[] }>;
          };
        }
      ).axe.run();
      return {
        violations: violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
        passes: passes.map(({ id }) => id),
      };
    });
    expect(found.violations).toEqual([]);
    expect(found.passes).toContain("color-contrast");
  });

  test("fits on a phone", async () => {
    const page = await open(browser, { viewport: { width: 360, height: 640 } });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    await page.locator("#search").fill("server");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    await page.locator("#search").fill("");
    expect(await page.locator("nav li").first().isVisible()).toBe(false);
    await page.locator("nav summary").click();
    await page.locator('nav a[href="#password"]').click();
    const top = (await page.locator("#password").boundingBox())?.y ?? -1;
    expect([top > 0, top < 640]).toEqual([true, true]);
  });

  test("is searched with the keyboard alone", async () => {
    const page = await open(browser, { viewport: { width: 1280, height: 800 } });
    await page.keyboard.press("/");
    await page.keyboard.type("number 59");
    expect(await page.locator("output").textContent()).toBe("1 match");
    expect(await page.locator(".entry:visible").allInnerTexts()).toEqual([expect.stringContaining("Number 59.")]);
    expect(await page.locator("section:visible h2").allInnerTexts()).toEqual(["ntp"]);
    await page.keyboard.press("Escape");
    expect(await page.locator(".entry:visible").count()).toBe(61);
    await page.keyboard.type("nothing like it");
    expect(await page.locator("section:visible").count()).toBe(0);
    expect(await page.locator("output").textContent()).toBe("0 matches");
  });

  test("shows what is linked to, whatever is searched for", async () => {
    const page = await open(browser, { viewport: { width: 1280, height: 800 } });
    await page.locator("#search").fill("password");
    await page.evaluate("location.hash = '#ntp.server-59'");
    await page.locator("[id='ntp.server-59']").waitFor({ state: "visible" });
    await page.locator('section a[href="#definition-shared"]').first().click();
    expect(await page.evaluate("location.hash")).toBe("#definition-shared");
  });

  test("works without scripts", async () => {
    const page = await open(browser, { javaScriptEnabled: false });
    expect(await page.locator(".entry:visible").count()).toBe(61);
    expect(await page.locator("#search").isVisible()).toBe(false);
  });

  test("is printed without what is only for the screen", async () => {
    const page = await open(browser, {});
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    expect(await page.locator("nav, search").filter({ visible: true }).count()).toBe(0);
    expect((await page.pdf({ format: "A4" })).length).toBeGreaterThan(10_000);
  });
});
