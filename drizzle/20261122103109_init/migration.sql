-- tenantry: what the statements below need
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'app_tenant') then
    create role "app_tenant" nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- made by another session at the same moment
end
$body$;
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'app_door') then
    create role "app_door" nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- made by another session at the same moment
end
$body$;
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'app_admin') then
    create role "app_admin" nologin;
  end if;
exception when duplicate_object or unique_violation then
  null; -- made by another session at the same moment
end
$body$;
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and (rolsuper or rolbypassrls))
     and not pg_catalog.pg_has_role(current_user, 'app_admin', 'usage') then
    execute pg_catalog.format('grant %I to %I', 'app_admin', current_user);
  end if;
end
$body$;
--> statement-breakpoint
create schema if not exists "tenantry";
--> statement-breakpoint
create or replace function "tenantry"."uuid_v7"() returns uuid
  language sql volatile parallel safe set search_path = pg_catalog, pg_temp
  as $body$
    select cast(encode(set_bit(set_bit(overlay(
      uuid_send(gen_random_uuid())
      placing substring(int8send(cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)) from 3)
      from 1 for 6), 52, 1), 53, 1), 'hex') as uuid)
  $body$;
-- tenantry: end
--> statement-breakpoint
CREATE TYPE "conversation_channel" AS ENUM('web', 'mobile', 'email', 'api');
--> statement-breakpoint
CREATE TYPE "conversation_status" AS ENUM('open', 'closed', 'archived');
--> statement-breakpoint
CREATE TYPE "creator_status" AS ENUM('active', 'suspended', 'closed');
--> statement-breakpoint
CREATE TYPE "document_status" AS ENUM('pending', 'processing', 'ready', 'failed');
--> statement-breakpoint
CREATE TYPE "jwt_blacklist_reason" AS ENUM('signed_out', 'password_changed', 'compromised', 'revoked_by_operator');
--> statement-breakpoint
CREATE TYPE "refresh_token_revocation" AS ENUM('rotated', 'signed_out', 'reused', 'password_changed', 'revoked_by_operator');
--> statement-breakpoint
CREATE TABLE "audit_logs" (
	"creator_id" uuid DEFAULT cast(nullif(current_setting('app.creator_id', true), '') as uuid),
	"id" uuid DEFAULT tenantry.uuid_v7(),
	"actor" text,
	"action" text NOT NULL,
	"table_name" text NOT NULL,
	"row_id" text,
	"before" jsonb,
	"after" jsonb,
	"request_id" text,
	"ip" inet,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "audit_logs_pkey" PRIMARY KEY("creator_id","id"),
	CONSTRAINT "audit_logs_action_check" CHECK (char_length("action") between 1 and 100)
);
--> statement-breakpoint
ALTER TABLE "audit_logs" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE TABLE "conversations" (
	"creator_id" uuid DEFAULT cast(nullif(current_setting('app.creator_id', true), '') as uuid),
	"id" uuid DEFAULT tenantry.uuid_v7(),
	"widget_id" uuid NOT NULL,
	"document_id" uuid,
	"visitor_id" text NOT NULL,
	"channel" "conversation_channel" DEFAULT 'web'::"conversation_channel" NOT NULL,
	"status" "conversation_status" DEFAULT 'open'::"conversation_status" NOT NULL,
	"messages" jsonb DEFAULT '[]' NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "conversations_pkey" PRIMARY KEY("creator_id","id"),
	CONSTRAINT "conversations_visitor_id_check" CHECK (char_length("visitor_id") between 1 and 200),
	CONSTRAINT "conversations_messages_check" CHECK (jsonb_typeof("messages") = 'array'),
	CONSTRAINT "conversations_ended_at_check" CHECK ("ended_at" >= "started_at")
);
--> statement-breakpoint
ALTER TABLE "conversations" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE TABLE "creators" (
	"id" uuid PRIMARY KEY DEFAULT coalesce(cast(nullif(current_setting('app.creator_id', true), '') as uuid), tenantry.uuid_v7()),
	"email" text NOT NULL,
	"display_name" text NOT NULL,
	"password_hash" text NOT NULL,
	"status" "creator_status" DEFAULT 'active'::"creator_status" NOT NULL,
	"settings" jsonb DEFAULT '{}' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "creators_email_check" CHECK (char_length("email") <= 254 and "email" ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
	CONSTRAINT "creators_display_name_check" CHECK (char_length("display_name") between 1 and 200),
	CONSTRAINT "creators_password_hash_check" CHECK ("password_hash" like '$%$%'),
	CONSTRAINT "creators_settings_check" CHECK (jsonb_typeof("settings") = 'object')
);
--> statement-breakpoint
ALTER TABLE "creators" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE TABLE "documents" (
	"creator_id" uuid DEFAULT cast(nullif(current_setting('app.creator_id', true), '') as uuid),
	"id" uuid DEFAULT tenantry.uuid_v7(),
	"title" text NOT NULL,
	"content" text DEFAULT '' NOT NULL,
	"source" text,
	"mime_type" text DEFAULT 'text/plain' NOT NULL,
	"checksum" text NOT NULL,
	"status" "document_status" DEFAULT 'pending'::"document_status" NOT NULL,
	"tags" text[] DEFAULT '{}'::text[] NOT NULL,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"deleted_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "documents_pkey" PRIMARY KEY("creator_id","id"),
	CONSTRAINT "documents_title_check" CHECK (char_length("title") between 1 and 500),
	CONSTRAINT "documents_mime_type_check" CHECK ("mime_type" ~ '^[^/[:space:]]+/[^/[:space:]]+$'),
	CONSTRAINT "documents_checksum_check" CHECK ("checksum" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "documents_tags_check" CHECK (array_position("tags", null) is null),
	CONSTRAINT "documents_metadata_check" CHECK (jsonb_typeof("metadata") = 'object'),
	CONSTRAINT "documents_version_check" CHECK ("version" >= 1)
);
--> statement-breakpoint
ALTER TABLE "documents" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE TABLE "jwt_blacklist" (
	"creator_id" uuid DEFAULT cast(nullif(current_setting('app.creator_id', true), '') as uuid),
	"jti" text,
	"expires_at" timestamp with time zone NOT NULL,
	"reason" "jwt_blacklist_reason" DEFAULT 'signed_out'::"jwt_blacklist_reason" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "jwt_blacklist_pkey" PRIMARY KEY("creator_id","jti"),
	CONSTRAINT "jwt_blacklist_jti_check" CHECK (char_length("jti") between 1 and 255)
);
--> statement-breakpoint
ALTER TABLE "jwt_blacklist" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE TABLE "refresh_tokens" (
	"creator_id" uuid DEFAULT cast(nullif(current_setting('app.creator_id', true), '') as uuid),
	"id" uuid DEFAULT tenantry.uuid_v7(),
	"token_hash" text NOT NULL,
	"family_id" uuid NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"revoked_reason" "refresh_token_revocation",
	"replaced_by" uuid,
	"user_agent" text,
	"ip" inet,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "refresh_tokens_pkey" PRIMARY KEY("creator_id","id"),
	CONSTRAINT "refresh_tokens_token_hash_check" CHECK ("token_hash" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "refresh_tokens_expires_at_check" CHECK ("expires_at" > "created_at"),
	CONSTRAINT "refresh_tokens_revoked_check" CHECK (("revoked_at" is null) = ("revoked_reason" is null)),
	CONSTRAINT "refresh_tokens_replaced_by_check" CHECK ("replaced_by" is null or ("replaced_by" <> "id" and "revoked_at" is not null)),
	CONSTRAINT "refresh_tokens_user_agent_check" CHECK (char_length("user_agent") <= 1000)
);
--> statement-breakpoint
ALTER TABLE "refresh_tokens" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE TABLE "widget_configurations" (
	"creator_id" uuid DEFAULT cast(nullif(current_setting('app.creator_id', true), '') as uuid),
	"id" uuid DEFAULT tenantry.uuid_v7(),
	"name" text NOT NULL,
	"theme" jsonb DEFAULT '{}' NOT NULL,
	"allowed_origins" text[] DEFAULT '{}'::text[] NOT NULL,
	"greeting" text,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "widget_configurations_pkey" PRIMARY KEY("creator_id","id"),
	CONSTRAINT "widget_configurations_name_check" CHECK (char_length("name") between 1 and 200),
	CONSTRAINT "widget_configurations_theme_check" CHECK (jsonb_typeof("theme") = 'object'),
	CONSTRAINT "widget_configurations_allowed_origins_check" CHECK (array_position("allowed_origins", null) is null and array_position("allowed_origins", '*') is null),
	CONSTRAINT "widget_configurations_greeting_check" CHECK (char_length("greeting") <= 2000)
);
--> statement-breakpoint
ALTER TABLE "widget_configurations" ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE INDEX "audit_logs_creator_id_created_at_idx" ON "audit_logs" ("creator_id","created_at");
--> statement-breakpoint
CREATE INDEX "audit_logs_creator_id_table_name_row_id_created_at_idx" ON "audit_logs" ("creator_id","table_name","row_id","created_at");
--> statement-breakpoint
CREATE INDEX "audit_logs_creator_id_actor_created_at_idx" ON "audit_logs" ("creator_id","actor","created_at");
--> statement-breakpoint
CREATE INDEX "conversations_creator_id_started_at_idx" ON "conversations" ("creator_id","started_at");
--> statement-breakpoint
CREATE INDEX "conversations_creator_id_started_at_open_idx" ON "conversations" ("creator_id","started_at") WHERE "status" = 'open';
--> statement-breakpoint
CREATE INDEX "conversations_creator_id_widget_id_started_at_idx" ON "conversations" ("creator_id","widget_id","started_at");
--> statement-breakpoint
CREATE INDEX "conversations_creator_id_visitor_id_started_at_idx" ON "conversations" ("creator_id","visitor_id","started_at");
--> statement-breakpoint
CREATE INDEX "conversations_creator_id_document_id_idx" ON "conversations" ("creator_id","document_id") WHERE "document_id" is not null;
--> statement-breakpoint
CREATE UNIQUE INDEX "documents_creator_id_checksum_key" ON "documents" ("creator_id","checksum") WHERE "deleted_at" is null;
--> statement-breakpoint
CREATE INDEX "documents_creator_id_created_at_idx" ON "documents" ("creator_id","created_at") WHERE "deleted_at" is null;
--> statement-breakpoint
CREATE INDEX "documents_creator_id_created_at_unready_idx" ON "documents" ("creator_id","created_at") WHERE "deleted_at" is null and "status" <> 'ready';
--> statement-breakpoint
CREATE INDEX "jwt_blacklist_jti_idx" ON "jwt_blacklist" ("jti");
--> statement-breakpoint
CREATE INDEX "jwt_blacklist_expires_at_idx" ON "jwt_blacklist" ("expires_at");
--> statement-breakpoint
CREATE UNIQUE INDEX "refresh_tokens_creator_id_token_hash_key" ON "refresh_tokens" ("creator_id","token_hash");
--> statement-breakpoint
CREATE INDEX "refresh_tokens_token_hash_idx" ON "refresh_tokens" ("token_hash");
--> statement-breakpoint
CREATE INDEX "refresh_tokens_creator_id_family_id_idx" ON "refresh_tokens" ("creator_id","family_id");
--> statement-breakpoint
CREATE INDEX "refresh_tokens_creator_id_replaced_by_idx" ON "refresh_tokens" ("creator_id","replaced_by") WHERE "replaced_by" is not null;
--> statement-breakpoint
CREATE INDEX "refresh_tokens_expires_at_idx" ON "refresh_tokens" ("expires_at");
--> statement-breakpoint
CREATE UNIQUE INDEX "widget_configurations_creator_id_name_key" ON "widget_configurations" ("creator_id","name");
--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_creator_id_fk" FOREIGN KEY ("creator_id") REFERENCES "creators"("id") ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_widget_id_fk" FOREIGN KEY ("creator_id","widget_id") REFERENCES "widget_configurations"("creator_id","id") ON DELETE RESTRICT;
--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_document_id_fk" FOREIGN KEY ("creator_id","document_id") REFERENCES "documents"("creator_id","id");
--> statement-breakpoint
ALTER TABLE "documents" ADD CONSTRAINT "documents_creator_id_fk" FOREIGN KEY ("creator_id") REFERENCES "creators"("id") ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE "jwt_blacklist" ADD CONSTRAINT "jwt_blacklist_creator_id_fk" FOREIGN KEY ("creator_id") REFERENCES "creators"("id") ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_creator_id_fk" FOREIGN KEY ("creator_id") REFERENCES "creators"("id") ON DELETE CASCADE;
--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_replaced_by_fk" FOREIGN KEY ("creator_id","replaced_by") REFERENCES "refresh_tokens"("creator_id","id");
--> statement-breakpoint
ALTER TABLE "widget_configurations" ADD CONSTRAINT "widget_configurations_creator_id_fk" FOREIGN KEY ("creator_id") REFERENCES "creators"("id") ON DELETE CASCADE;
--> statement-breakpoint
CREATE POLICY "audit_logs_tenant" ON "audit_logs" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "audit_logs_floor" ON "audit_logs" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "audit_logs_admin" ON "audit_logs" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY "conversations_tenant" ON "conversations" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "conversations_floor" ON "conversations" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "conversations_admin" ON "conversations" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY "creators_tenant" ON "creators" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "creators_floor" ON "creators" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "creators_admin" ON "creators" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY "documents_tenant" ON "documents" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "documents_floor" ON "documents" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "documents_admin" ON "documents" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY "jwt_blacklist_tenant" ON "jwt_blacklist" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "jwt_blacklist_floor" ON "jwt_blacklist" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "jwt_blacklist_admin" ON "jwt_blacklist" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY "refresh_tokens_tenant" ON "refresh_tokens" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "refresh_tokens_floor" ON "refresh_tokens" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "refresh_tokens_admin" ON "refresh_tokens" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY "widget_configurations_tenant" ON "widget_configurations" AS PERMISSIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "widget_configurations_floor" ON "widget_configurations" AS RESTRICTIVE FOR ALL TO "app_tenant" USING ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))) WITH CHECK ("creator_id" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid)));
--> statement-breakpoint
CREATE POLICY "widget_configurations_admin" ON "widget_configurations" AS PERMISSIVE FOR ALL TO "app_admin" USING (true) WITH CHECK (true);
--> statement-breakpoint
-- tenantry: completion, what drizzle-kit cannot write
grant usage on schema "public" to "app_tenant";
--> statement-breakpoint
grant usage on schema "public" to "app_admin";
--> statement-breakpoint
create or replace function "tenantry"."touch_updated_at"() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $body$
  begin
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], now()));
  end
  $body$;
--> statement-breakpoint
create or replace function "tenantry"."audit_into_public_audit_logs"() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
  as $body$
  declare
    old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
    new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
    row_id text;
  begin
    if old_row - 'updated_at' = new_row - 'updated_at' then
      return null;
    end if;
    select string_agg(coalesce(new_row, old_row) ->> part, '/' order by position) into row_id
      from unnest(cast(tg_argv[1] as text[])) with ordinality as key(part, position)
      where part <> tg_argv[0] or cardinality(cast(tg_argv[1] as text[])) = 1;
    insert into "public"."audit_logs" ("creator_id", "actor", "action", "table_name", "row_id", "before", "after", "request_id", "ip")
    values (
      cast(coalesce(new_row, old_row) ->> tg_argv[0] as uuid),
      nullif(current_setting('app.actor', true), ''),
      lower(tg_op),
      case tg_table_schema when 'public' then tg_table_name else tg_table_schema || '.' || tg_table_name end,
      row_id,
      old_row - cast(tg_argv[2] as text[]),
      new_row - cast(tg_argv[2] as text[]),
      nullif(current_setting('app.request_id', true), ''),
      cast(nullif(current_setting('app.ip', true), '') as inet)
    );
    return null;
  end
  $body$;
--> statement-breakpoint
alter table "public"."audit_logs" enable row level security, force row level security;
--> statement-breakpoint
grant select, insert on "public"."audit_logs" to "app_tenant";
--> statement-breakpoint
grant select, insert on "public"."audit_logs" to "app_admin";
--> statement-breakpoint
alter table "public"."conversations" enable row level security, force row level security;
--> statement-breakpoint
alter table "public"."conversations" drop constraint if exists "conversations_document_id_fk";
--> statement-breakpoint
alter table "public"."conversations" add constraint "conversations_document_id_fk" foreign key ("creator_id", "document_id")
  references "public"."documents" ("creator_id", "id") on delete set null ("document_id");
--> statement-breakpoint
grant select, insert, update, delete on "public"."conversations" to "app_tenant";
--> statement-breakpoint
grant select, insert, update, delete on "public"."conversations" to "app_admin";
--> statement-breakpoint
create or replace trigger "tenantry_touch" before update on "public"."conversations"
  for each row execute function "tenantry"."touch_updated_at"('updated_at');
--> statement-breakpoint
alter table "public"."creators" enable row level security, force row level security;
--> statement-breakpoint
alter table "public"."creators" add constraint "creators_email_key" exclude using btree ((lower("email")) with =);
--> statement-breakpoint
grant select, insert, update on "public"."creators" to "app_tenant";
--> statement-breakpoint
grant select, insert, update, delete on "public"."creators" to "app_admin";
--> statement-breakpoint
create or replace trigger "tenantry_touch" before update on "public"."creators"
  for each row execute function "tenantry"."touch_updated_at"('updated_at');
--> statement-breakpoint
create or replace trigger "tenantry_audit" after insert or update or delete on "public"."creators"
  for each row execute function "tenantry"."audit_into_public_audit_logs"('id', '{"id"}', '{"password_hash"}');
--> statement-breakpoint
alter table "public"."documents" enable row level security, force row level security;
--> statement-breakpoint
grant select, insert, update, delete on "public"."documents" to "app_tenant";
--> statement-breakpoint
grant select, insert, update, delete on "public"."documents" to "app_admin";
--> statement-breakpoint
create or replace trigger "tenantry_touch" before update on "public"."documents"
  for each row execute function "tenantry"."touch_updated_at"('updated_at');
--> statement-breakpoint
create or replace trigger "tenantry_audit" after insert or update or delete on "public"."documents"
  for each row execute function "tenantry"."audit_into_public_audit_logs"('creator_id', '{"creator_id","id"}', '{}');
--> statement-breakpoint
alter table "public"."jwt_blacklist" enable row level security, force row level security;
--> statement-breakpoint
grant select, insert on "public"."jwt_blacklist" to "app_tenant";
--> statement-breakpoint
grant select, insert, update, delete on "public"."jwt_blacklist" to "app_admin";
--> statement-breakpoint
create or replace trigger "tenantry_touch" before update on "public"."jwt_blacklist"
  for each row execute function "tenantry"."touch_updated_at"('updated_at');
--> statement-breakpoint
create or replace trigger "tenantry_audit" after insert or update or delete on "public"."jwt_blacklist"
  for each row execute function "tenantry"."audit_into_public_audit_logs"('creator_id', '{"creator_id","jti"}', '{}');
--> statement-breakpoint
alter table "public"."refresh_tokens" enable row level security, force row level security;
--> statement-breakpoint
alter table "public"."refresh_tokens" drop constraint if exists "refresh_tokens_replaced_by_fk";
--> statement-breakpoint
alter table "public"."refresh_tokens" add constraint "refresh_tokens_replaced_by_fk" foreign key ("creator_id", "replaced_by")
  references "public"."refresh_tokens" ("creator_id", "id") on delete set null ("replaced_by");
--> statement-breakpoint
grant select, insert, update, delete on "public"."refresh_tokens" to "app_tenant";
--> statement-breakpoint
grant select, insert, update, delete on "public"."refresh_tokens" to "app_admin";
--> statement-breakpoint
create or replace trigger "tenantry_touch" before update on "public"."refresh_tokens"
  for each row execute function "tenantry"."touch_updated_at"('updated_at');
--> statement-breakpoint
create or replace trigger "tenantry_audit" after insert or update or delete on "public"."refresh_tokens"
  for each row execute function "tenantry"."audit_into_public_audit_logs"('creator_id', '{"creator_id","id"}', '{"token_hash"}');
--> statement-breakpoint
alter table "public"."widget_configurations" enable row level security, force row level security;
--> statement-breakpoint
grant select, insert, update, delete on "public"."widget_configurations" to "app_tenant";
--> statement-breakpoint
grant select, insert, update, delete on "public"."widget_configurations" to "app_admin";
--> statement-breakpoint
create or replace trigger "tenantry_touch" before update on "public"."widget_configurations"
  for each row execute function "tenantry"."touch_updated_at"('updated_at');
--> statement-breakpoint
create or replace trigger "tenantry_audit" after insert or update or delete on "public"."widget_configurations"
  for each row execute function "tenantry"."audit_into_public_audit_logs"('creator_id', '{"creator_id","id"}', '{}');
-- tenantry: end
