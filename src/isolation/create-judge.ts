import { tableSubject } from "../catalog/facts.js";
import type { Transaction } from "../catalog/grants-json.js";
import { readCatalog } from "../catalog/read-catalog.js";
import type { Finding } from "../core/finding.js";
import type { Database } from "../postgres/connect.js";
import { auditCatalog } from "./audit.js";
import { catalogScope } from "./catalog-scope.js";
import type { Expected } from "./expected.js";
import { loadPolicyAnalysis } from "./policy-analysis.js";

/** What a database is like at one moment. */
export type Judgement = {
  readonly findings: readonly Finding[];
  /** The relations that exist, as findings name them. */
  readonly relations: ReadonlySet<string>;
};

/** Judges what migrations have made by every rule over the catalog; on an open transaction, as that sees it. */
export type Judge = (session: Database | Transaction) => Promise<Judgement>;

/** Loads what the rules need (about 60 ms, once) and gives the judge. */
export async function createJudge(expected: Expected): Promise<Judge> {
  const analysis = await loadPolicyAnalysis(expected.settings);
  return async (session) => {
    const catalog = await readCatalog(session, catalogScope(expected));
    return {
      findings: auditCatalog({ expected, catalog, analysis, madeBy: "migrations" }),
      relations: new Set(catalog.relations.map(({ schema, name }) => tableSubject(schema, name))),
    };
  };
}
