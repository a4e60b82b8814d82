import { expect, test } from "vitest";
import { benchVault } from "../bench/vault.ts";
import { describeWith } from "../support/requirements.ts";
import { vaultObstacle } from "../support/vault-server.ts";

describeWith(vaultObstacle())("a rack of a thousand machines that boots at once", () => {
  test("gets all its secrets from one Vault, with no request more than needed", async () => {
    const figures = await benchVault();
    for (const { name, value, unit } of figures) console.log(`${name}: ${value.toFixed(2)} ${unit}`);
    const missed = figures.filter(({ goal, value }) => goal !== undefined && value > Number(goal.replace("<= ", "")));
    expect(figures.some(({ goal }) => goal !== undefined)).toBe(true);
    expect(missed).toEqual([]);
  });
});
