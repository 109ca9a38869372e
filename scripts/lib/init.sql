-- Prepares a database for the programs; m_app is their login role.
select exists (select from pg_roles where rolname = :'m_app') as m_there,
       (select rolsuper from pg_roles where rolname = current_user) as m_super,
       current_database() as m_database,
       (select pg_get_userbyid(datdba) from pg_database where datname = current_database()) as m_owner \gset
\if :m_there
\echo kept
\else
create role :"m_app" login noinherit;
\echo created
\endif
select rolinherit or not rolcanlogin as m_wrong, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication as m_mighty
  from pg_roles where rolname = :'m_app' \gset
\if :m_mighty
\echo mighty
\quit
\elif :m_wrong
alter role :"m_app" login noinherit;
\endif
grant connect on database :"m_database" to :"m_app";
revoke create on schema public from public;
\if :m_super
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
grant execute on function pg_catalog.set_config(text, text, boolean) to :"m_owner";
\endif
select case when has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'execute') then 'open' else 'closed' end;
