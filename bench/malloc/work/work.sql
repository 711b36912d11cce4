-- Loads, joins, updates, deletes and vacuums a database in memory. :size is how many thousand rows. SPDX-License-Identifier: MIT
pragma cache_size = -64000;
create table person(id integer primary key, name text, town text, note text);
create table purchase(id integer primary key, person integer, article text, price integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < :size * 1000)
insert into person select i, printf('%c%s %d', 65 + i % 26, hex(i * 7919 % 65536), i), printf('town-%d', i * 31 % 997),
    substr(hex(zeroblob(40)), 1, i * 13 % 80) from n;
with recursive n(i) as (select 1 union all select i + 1 from n where i < :size * 3000)
insert into purchase select i, i * 7919 % (:size * 1000) + 1, printf('article-%d', i * 17 % 4999), i % 211 from n;
create index by_town on person(town, name);
create index by_person on purchase(person, article);
select town, count(*), sum(price) from person join purchase on person.id = purchase.person
    group by town order by 3 desc, 1 limit 5;
select article, group_concat(distinct substr(town, 6)) from purchase join person on person.id = purchase.person
    where price > 205 group by article order by 1 limit 5;
update person set note = note || ' ' || upper(name) where id % 3 = 0;
select sum(length(j)) from (select json_group_array(json_object('id', id, 'name', name, 'note', note)) as j from person group by town);
delete from purchase where person % 4 = 0;
vacuum;
select count(*), sum(price), max(article) from purchase;
