# Groups, sums and reshapes an array of orders. SPDX-License-Identifier: MIT
group_by(.customer)
| map({customer: .[0].customer,
       orders: length,
       total: (map(.lines | map(.count * .price) | add) | add),
       articles: (map(.lines[].article) | unique | length),
       text: (map(.note | ascii_upcase | split(" ") | map(select(length > 3)) | join("_")) | join(";") | length)})
| sort_by(-.total, .customer)
| (.[0:5], (map(.text) | add), (map(.total) | add))
