#!/usr/bin/env bats
# sql-scan: what it says of migration files.

# shellcheck disable=SC2016 # $ of jq and of SQL
setup() {
    scan=${SQL_SCAN:-$BATS_TEST_DIRNAME/../../build/release/bin/sql-scan}
    cd "$BATS_TEST_TMPDIR" || return
}

# lines FILTER: the scan of one.sql, read from stdin, through jq
lines() {
    cat >one.sql
    "$scan" one.sql >out.json || true
    jq -rc "$1" out.json
}

equals() {
    [ "$1" = "$2" ] || { diff -U 0 --label have --label want <(printf '%s\n' "$1") <(printf '%s\n' "$2") >&2; return 1; }
}

@test "statements are found with their bytes and lines, whatever they hold" {
    cat >one.sql <<'SQL'
-- A café; not a statement.
-- migrate:up scope:tenant
select 'é;'; /* one /* nested; */ ; */ create function f() returns int language plpgsql as $f$
begin
    return 1; -- migrate:down is only text
end $f$;

create function g() returns int begin atomic select 1; select 2; end;
create rule r as on insert to t do also (insert into u values (1); insert into u values (2));
select E'it\'s; fine', U&'d\0061t;', $$;$$
-- migrate:down scope:tenant
drop table "t;";
SQL
    "$scan" one.sql >out.json
    equals "$(jq -r '[.section, .statement, .line, .kind] | join(" ")' out.json)" \
'up 1 3 SelectStmt
up 2 3 CreateFunctionStmt
up 3 8 CreateFunctionStmt
up 4 9 RuleStmt
up 5 10 SelectStmt
down 1 12 DropStmt'
    # The bytes are the file's own.
    equals "$(jq -r '[.offset, .length] | join(" ")' out.json | while read -r offset length; do tail -c "+$((offset + 1))" one.sql | head -c "$length" | sed -n 1p; echo; done | sed '/^$/d')" \
'select '"'é;'"'
create function f() returns int language plpgsql as $f$
create function g() returns int begin atomic select 1; select 2; end
create rule r as on insert to t do also (insert into u values (1); insert into u values (2))
select E'"'it\\'s; fine'"', U&'"'d\\0061t;'"', $$;$$
drop table "t;"'
}

@test "sections have a name, a scope and a transaction; comments before them are fine" {
    equals "$(lines '[.section, .scope, .transaction] | join(" ")' <<'SQL'
-- Why.
-- migrate:up
select 1;
-- migrate:up scope:tenant transaction:false
select 2;
-- migrate:verify scope:public
select 3;
SQL
)" 'up public true
up tenant false
verify public true'
}

@test "a file without sections goes up, in the default scope" {
    echo 'create table t (id int);' >one.sql
    equals "$("$scan" one.sql | jq -r '[.section, .scope] | join(" ")')" 'up public'
    equals "$("$scan" --default-scope tenant one.sql | jq -r '[.section, .scope] | join(" ")')" 'up tenant'
}

@test "what is wrong with a file is said with its line" {
    fault() { # LINE WORDS; the file on stdin
        cat >one.sql
        run "$scan" one.sql
        equals "$status" 1
        jq -se --argjson line "$1" --arg words "$2" 'any(.[]; .line == $line and (.refused // "" | startswith($words)))' <<<"$output" >/dev/null || { echo "$output" >&2; return 1; }
    }
    fault 2 'unknown option scop:tenant' <<<'-- A change
-- migrate:up scop:tenant'
    fault 1 'unknown section migrate:upp' <<<'-- migrate:upp'
    fault 2 'a second section migrate:up scope:public' <<<'-- migrate:up
-- migrate:up scope:public'
    fault 1 'SQL before the first section' <<<'select 1;
-- migrate:up'
    fault 3 'does not parse: syntax error at or near "tabel"' <<<'-- migrate:up
select 1;
create tabel x ();'
    fault 2 'a command of psql' <<<'-- migrate:up
\! id'
    fault 2 'transaction control' <<<'-- migrate:up
rollback;'
    fault 1 'holds a NUL byte' < <(printf 'select 1;\0')
}

@test "targets are what is changed, not what is read" {
    equals "$(lines '[.targets[] | [.schema, .name] | map(select(. != "")) | join(".")] | join(" ")' <<'SQL'
select * from a join s.b on true;
insert into c select * from d;
with x as (update s.e set i = 1 returning *), y as (delete from f using g returning 1) merge into h using x on true when matched then do nothing;
alter table i add constraint k foreign key (x) references l (y);
drop table s.m, n; drop trigger o on s.p; drop function s.q(int);
comment on column s.r.t is 'x';
create trigger u before insert on v execute function w();
create view s.aa as select * from bb;
select * into cc from dd;
create type s.ee as enum ('x');
grant select on ff to gg;
truncate hh, s.ii;
rename_me();
SQL
)" ''
    equals "$(sed -i '/rename_me/d' one.sql; "$scan" one.sql | jq -r '[.targets[] | [.schema, .name] | map(select(. != "")) | join(".")] | join(" ")')" \
'
c
h s.e f
i
s.m n
s.p
s.q
s.r
v
s.aa
cc
s.ee
ff
hh s.ii'
}

@test "statements that need to be outside of a transaction are known" {
    equals "$(lines 'select(.flags | index("no-transaction")) | .line' <<'SQL' | paste -sd ' '
create index concurrently i on t (a);
create index i on t (a);
drop index concurrently i;
drop index i;
reindex table concurrently t;
reindex (concurrently) index i;
reindex table t;
vacuum t;
analyze t;
alter table t detach partition p concurrently;
alter table t detach partition p;
refresh materialized view concurrently m;
create database d;
alter system set work_mem = '1MB';
cluster;
cluster t;
alter type y add value 'z';
alter type y add value 'used';
select 'used'::y;
SQL
)" '1 3 5 6 8 10 13 14 15 18'
}

@test "the name of an index that is built concurrently is told" {
    equals "$(lines '.index // "none"' <<<'create index concurrently i on t (a); create index j on t (a);' | paste -sd ' ')" 'i none'
}

@test "the normalised text forgets comments and white space, not what is in quotes" {
    mkdir a b c
    printf -- '-- migrate:up scope:tenant\nselect   1, /* x */ $$ a  b $$; -- y\n' >m.sql
    "$scan" --normalised a m.sql >/dev/null
    printf -- '-- migrate:up scope:tenant   \nselect 1,\n\t$$ a  b $$;' >m.sql
    "$scan" --normalised b m.sql >/dev/null
    cmp a/m b/m
    printf -- '-- migrate:up scope:tenant\nselect 1, $$ a b $$;\n' >m.sql
    "$scan" --normalised c m.sql >/dev/null
    run cmp a/m c/m
    [ "$status" = 1 ]
    printf -- '-- migrate:up scope:public\nselect 1, $$ a  b $$;\n' >m.sql
    "$scan" --normalised c m.sql >/dev/null
    run cmp a/m c/m
    [ "$status" = 1 ]
}

@test "names with quotes and backslashes come out as JSON, tabs do not break the columns" {
    equals "$(lines '.targets[0].name' <<<'drop table "we""ird\	name";')" 'we"ird\	name'
    equals "$("$scan" --tsv one.sql | awk -F '\t' '{ print NF, $12 }')" '15 we"ird\ name'
}

@test "exit codes: 0 fine, 1 refused, 2 wrong use or unreadable" {
    echo 'select 1;' >one.sql
    run "$scan" one.sql
    [ "$status" = 0 ]
    echo 'commit;' >two.sql
    run "$scan" one.sql two.sql
    [ "$status" = 1 ]
    for wrong in '' '--what one.sql' '--default-scope both one.sql' 'no_such.sql' '--normalised no_such_folder one.sql'; do
        # shellcheck disable=SC2086
        run "$scan" $wrong
        [ "$status" = 2 ] || { echo "$wrong: $status" >&2; return 1; }
    done
    run "$scan" --help
    [ "$status" = 0 ]
}

@test "a statement as deep as the server allows, and a file of a megabyte, do no harm" {
    { printf 'select '; printf '(%.0s' $(seq 3000); printf 1; printf ')%.0s' $(seq 3000); printf ';\n'; } >one.sql
    run "$scan" one.sql
    [ "$status" = 0 ] || [ "$status" = 1 ]
    for i in $(seq 20000); do echo "insert into t values ($i, 'a row of some length');"; done >one.sql
    equals "$("$scan" --tsv one.sql | wc -l)" 20000
}
