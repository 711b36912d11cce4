"""Makes what the real programs work on: the same for everybody, the larger the higher the scale.

SPDX-License-Identifier: MIT
"""
import json
import subprocess


class Random:
    """The same numbers with every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (self.state >> 33) % limit

    def word(self):
        return "".join(chr(97 + self.below(26)) for _ in range(3 + self.below(9)))


def orders(path, count):
    """An array of objects, for jq."""
    random = Random(1)
    words = [random.word() for _ in range(2000)]
    made = [{"number": number, "customer": f"customer-{random.below(count // 8 + 1)}",
             "lines": [{"article": f"article-{random.below(5000)}", "count": 1 + random.below(9), "price": random.below(1000) / 4}
                       for _ in range(1 + random.below(6))],
             "note": " ".join(words[random.below(2000)] for _ in range(random.below(20)))} for number in range(count)]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(made, file)


CPLUSPLUS = """
struct record_{n} {{ std::string name; std::map<std::string, std::vector<int>> values; std::shared_ptr<record_{n}> next; }};
template <typename T> T reduce_{n}(const std::map<std::string, std::vector<T>> &all) {{
    T sum{{}};
    for (const auto &[key, list] : all)
        sum += std::accumulate(list.begin(), list.end(), T{{}}, [&](T a, T b) {{ return a * T({n}) + b + T(key.size()); }});
    return sum;
}}
long use_{n}(record_{n} &record, const std::string &text) {{
    static const std::regex word("[a-z]+{n}");
    std::unordered_map<std::string, std::function<long(long)>> steps;
    steps.emplace(text, [&record](long value) {{ return value + reduce_{n}<int>(record.values); }});
    std::sort(record.values[text].begin(), record.values[text].end(), [](int a, int b) {{ return a % {m} < b % {m}; }});
    std::set<std::tuple<int, std::string, double>> seen;
    for (int value : record.values[text]) seen.emplace(value, record.name + std::to_string(value), value / {m}.0);
    return std::regex_match(text, word) ? steps[text](long(seen.size())) : {n};
}}
"""


def cplusplus(path, count):
    """A preprocessed C++ file with many uses of the standard library, for the compiler proper."""
    headers = "algorithm functional map memory numeric regex set string tuple unordered_map vector".split()
    source = "".join(f"#include <{header}>\n" for header in headers)
    source += "".join(CPLUSPLUS.format(n=n, m=n + 2) for n in range(count))
    subprocess.run(["g++", "-std=c++17", "-E", "-P", "-x", "c++", "-", "-o", path], input=source, text=True, check=True)


def solver(path, rounds):
    """For z3: polynomials multiplied out, multiplication in bits, and jobs to be placed on machines."""
    out = ["".join(f"(declare-const {name} Real)" for name in "abcdefgh")]
    for number in range(rounds):
        factors = " ".join(f"(+ a (* {number + k + 2} b) c (* d {k + 1}) e (* f {k}))" for k in range(7))
        out.append(f"(simplify (> (* {factors}) {number}) :som true)")
        out += ["(push)", *bits(11 + number % 3), "(check-sat)", "(pop)", "(push)", *jobs(Random(number), 6), "(check-sat)", "(pop)"]
    path.write_text("\n".join(out) + "\n", encoding="utf-8")


def bits(width):
    """Is there a product with these bits, with both factors above 1? A puzzle of gates."""
    zero = f"(_ bv0 {width})"
    yield f"(declare-const x (_ BitVec {2 * width})) (declare-const y (_ BitVec {2 * width}))"
    for name in "xy":
        yield f"(assert (= ((_ extract {2 * width - 1} {width}) {name}) {zero})) (assert (bvugt {name} (_ bv1 {2 * width})))"
    yield f"(assert (= (bvmul x y) (_ bv{(2 ** width - 9) * (2 ** width - 21)} {2 * width}))) (assert (bvule x y))"


def jobs(random, count):
    """Each job goes over all machines in an order of its own; no two are on one machine at a time; all end early."""
    everywhere = [(job, machine) for job in range(count) for machine in range(count)]
    length = {place: 1 + random.below(9) for place in everywhere}
    for job, machine in everywhere:
        name = f"s{job}_{machine}"
        yield f"(declare-const {name} Int) (assert (and (>= {name} 0) (<= (+ {name} {length[job, machine]}) {count * 9})))"
    for job in range(count):
        order = sorted(range(count), key=lambda _: random.below(1000))
        for before, after in zip(order, order[1:]):
            yield f"(assert (>= s{job}_{after} (+ s{job}_{before} {length[job, before]})))"
    for job, machine in everywhere:
        for other in range(job):
            yield (f"(assert (or (>= s{job}_{machine} (+ s{other}_{machine} {length[other, machine]})) "
                   f"(>= s{other}_{machine} (+ s{job}_{machine} {length[job, machine]}))))")


def repository(path, commits):
    """A git repository with a history, written by git fast-import."""
    random = Random(3)
    files = {f"src/{random.word()}/{random.word()}.txt": [" ".join(random.word() for _ in range(8)) for _ in range(200)]
             for _ in range(60)}
    names = sorted(files)
    stream = []
    for number in range(1, commits + 1):
        message = f"Change {number}: {random.word()} {random.word()}\n"
        stream.append(f"commit refs/heads/main\nmark :{number}\ncommitter A <a@b> {1600000000 + number * 60} +0000\n"
                      f"data {len(message)}\n{message}")
        changed = names if number == 1 else [names[random.below(len(names))] for _ in range(4)]
        for name in changed:
            lines = files[name]
            for _ in range(5):
                lines[random.below(len(lines))] = " ".join(random.word() for _ in range(8))
            lines.insert(random.below(len(lines)), random.word())
            text = "\n".join(lines) + "\n"
            stream.append(f"M 644 inline {name}\ndata {len(text)}\n{text}")
    subprocess.run(["git", "init", "-q", "-b", "main", path], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input="\n".join(stream), text=True, check=True)
