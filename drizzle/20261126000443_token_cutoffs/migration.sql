CREATE TABLE "token_cutoffs" (
	"creator_id" uuid DEFAULT cast(nullif(current_setting('app.creator_id', true), '') as uuid),
	"id" uuid DEFAULT tenantry.uuid_v7(),
	"issued_until" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"reason" "jwt_blacklist_reason" DEFAULT 'signed_out'::"jwt_blacklist_reason" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "token_cutoffs_pkey" PRIMARY KEY("creator_id","id"),
	CONSTRAINT "token_cutoffs_expires_at_check" CHECK ("expires_at" > "issued_until")
);
--> statement-breakpoint
ALTER TABLE "token_cutoffs" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE INDEX "token_cutoffs_creator_id_issued_until_idx" ON "token_cutoffs" ("creator_id","issued_until");
--> statement-breakpoint
CREATE INDEX "token_cutoffs_expires_at_idx" ON "token_cutoffs" ("expires_at");
--> statement-breakpoint
ALTER TABLE "token_cutoffs" ADD CONSTRAINT "token_cutoffs_creator_id_fk" FOREIGN KEY ("creator_id") REFERENCES "creators"("id") ON DELETE CASCADE;
--> statement-breakpoint
CREATE POLICY "token_cutoffs_tenant" ON "token_cutoffs" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "token_cutoffs_floor" ON "token_cutoffs" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "token_cutoffs_admin" ON "token_cutoffs" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
-- tenantry: completion, what drizzle-kit cannot write
alter table "public"."token_cutoffs" enable row level security, force row level security;
--> statement-breakpoint
grant select, insert on "public"."token_cutoffs" to "app_tenant";
--> statement-breakpoint
grant select, insert, update, delete on "public"."token_cutoffs" to "app_admin";
--> statement-breakpoint
create or replace trigger "tenantry_touch" before update on "public"."token_cutoffs"
  for each row execute function "tenantry"."touch_updated_at"('updated_at');
--> statement-breakpoint
create or replace trigger "tenantry_audit" after insert or update or delete on "public"."token_cutoffs"
  for each row execute function "tenantry"."audit_into_public_audit_logs"('creator_id', '{"creator_id","id"}', '{}');
-- tenantry: end
