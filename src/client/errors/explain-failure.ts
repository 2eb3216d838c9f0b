import postgres from "postgres";
import { type ErrorCode, type RefusedStatement, TenantryError } from "../../core/errors.js";
import type { ConstraintColumns } from "./constraint-columns.js";

/** Gives the error to throw in place of one of postgres.js. */
export type ExplainFailure = (thrown: unknown) => unknown;

type Explanation = {
  readonly code: ErrorCode;
  readonly message: (refused: RefusedStatement) => string;
  readonly hint: string;
};

const ROW_SECURITY = /row-level security policy/;

/** By SQLSTATE; https://www.postgresql.org/docs/current/errcodes-appendix.html */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  "23505": {
    code: "unique-violation",
    message: (refused) => `A row of ${tableOf(refused)} with this ${columnsOf(refused)} exists already.`,
    hint: "Choose another value, or update the row that is there.",
  },
  "23503": {
    code: "foreign-key-violation",
    message: (refused) =>
      `A row of ${tableOf(refused)} refers by ${columnsOf(refused)} to a row that is not there, or is still referred to.`,
    hint: "Insert what is referred to first, in the same tenant; delete what refers to a row before the row.",
  },
  "23P01": {
    code: "exclusion-violation",
    message: (refused) =>
      `A row of ${tableOf(refused)} conflicts by ${columnsOf(refused)} with one that exists.`,
    hint: "Choose another value.",
  },
  "23502": {
    code: "not-null-violation",
    message: (refused) => `${columnsOf(refused)} of ${tableOf(refused)} must have a value.`,
    hint: "Give it one, or a default in the schema.",
  },
  "23514": {
    code: "check-violation",
    message: ({ constraint, ...refused }) =>
      `A row of ${tableOf(refused)} does not pass the check ${constraint}.`,
    hint: "Correct the values.",
  },
  "42501": {
    code: "permission-denied",
    message: ({ table }) =>
      table === undefined
        ? "The service's role may not do this."
        : `The service's role may not do this with ${table}.`,
    hint: 'Services get what the schema grants them: see "commands" of withTenantRls(), and docs/schema.md.',
  },
  "57014": {
    code: "statement-timeout",
    message: () => "The statement was cancelled: it took longer than it may.",
    hint: "Make it do less at once, or raise statementTimeout.",
  },
};

/**
 * Explains what a statement was refused for, without the values of any row: the server's own text may name them, and
 * error texts find their way to users. What it does not know is left as it is.
 */
export function createExplainFailure(columnsOfConstraint: ConstraintColumns): ExplainFailure {
  return (thrown) => {
    if (!(thrown instanceof postgres.PostgresError)) return thrown;
    const explanation = explanationOf(thrown);
    if (explanation === undefined) return thrown;
    const {
      constraint_name: constraint,
      table_name: table,
      schema_name: schema,
      column_name: column,
    } = thrown;
    const columns =
      column !== undefined
        ? [column]
        : constraint === undefined
          ? []
          : columnsOfConstraint(schema, table, constraint);
    const refused: RefusedStatement = { sqlState: thrown.code, schema, table, constraint, columns };
    return new TenantryError({
      code: explanation.code,
      message: explanation.message(refused),
      hint: explanation.hint,
      details: constraint === undefined ? [] : [`constraint ${constraint}`],
      refused,
      cause: withoutValues(thrown),
    });
  };
}

function explanationOf({ code, message }: postgres.PostgresError): Explanation | undefined {
  if (code === "42501" && ROW_SECURITY.test(message)) return ROW_NOT_PERMITTED;
  return EXPLANATIONS[code];
}

const ROW_NOT_PERMITTED: Explanation = {
  code: "row-not-permitted",
  message: () => "The row is not the tenant's: row security does not let it be written.",
  hint: "Leave the tenant column out: its default is the tenant on whose behalf the code runs.",
};

/** `detail` names values, `where` statements of triggers with theirs. */
function withoutValues(error: postgres.PostgresError): postgres.PostgresError {
  for (const field of ["detail", "where", "internal_query", "parameters", "args"])
    Reflect.deleteProperty(error, field);
  return error;
}

function tableOf({ table }: Pick<RefusedStatement, "table">): string {
  return table ?? "a table";
}

function columnsOf({ columns, constraint }: RefusedStatement): string {
  if (columns.length > 0) return columns.join(", ");
  return constraint ?? "its key";
}
