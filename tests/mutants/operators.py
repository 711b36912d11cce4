"""Mutants from the syntax tree: each a small change of one expression or statement.

SPDX-License-Identifier: MIT

The tree is libclang's, so there is no parser here. It says what is an expression, a condition, a statement; the text in between
says the operator. A file that is included several times, as avl.h is, gives each mutant once.

Mutated is what functions do. Left alone: static assertions, what macros, enumerations and types say, operands of sizeof, and
calls of hmm_memory_*, which tell a sanitizer or valgrind which bytes are free.
"""
import ctypes
import dataclasses
import hashlib
import os
import re

from clang import cindex
from clang.cindex import CursorKind, TypeKind

HOOKS = "hmm_memory_"

REPLACED = {
    # boundary and relation
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    # arithmetic
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["/"],
    "+=": ["-="], "-=": ["+="], "*=": ["/="], "/=": ["*="],
    # bits
    "&": ["|"], "|": ["&"], "^": ["&"], "<<": [">>"], ">>": ["<<"],
    "&=": ["|="], "|=": ["&="], "^=": ["|="], "<<=": [">>="], ">>=": ["<<="],
    # logic
    "&&": ["||"], "||": ["&&"],
}
FAMILY = {**dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), "relation"),
          **dict.fromkeys(("+", "-", "*", "/", "%", "+=", "-=", "*=", "/="), "arithmetic"),
          **dict.fromkeys(("&", "|", "^", "<<", ">>", "&=", "|=", "^=", "<<=", ">>="), "bits"),
          **dict.fromkeys(("&&", "||"), "logic")}

ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}
LOOPS = (CursorKind.WHILE_STMT, CursorKind.DO_STMT, CursorKind.FOR_STMT)
UNTOUCHED = (CursorKind.STATIC_ASSERT, CursorKind.CXX_UNARY_EXPR, CursorKind.ENUM_DECL, CursorKind.STRUCT_DECL,
             CursorKind.UNION_DECL, CursorKind.TYPEDEF_DECL)
MADE_NAME = re.compile(r"\w+\((\w+)\)")
LITERAL = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([uUlL]*)")


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    start: int  # offsets in the file
    end: int
    replacement: str
    family: str
    function: str
    text: str = dataclasses.field(repr=False, compare=False)  # of the whole file, unmutated

    def apply(self):
        """The mutated file. Its lines are as many as before."""
        missing = self.text[self.start:self.end].count("\n") - self.replacement.count("\n")
        return self.text[:self.start] + self.replacement + "\n" * missing + self.text[self.end:]

    @property
    def line(self):
        return self.text.count("\n", 0, self.start) + 1

    @property
    def whole_lines(self):
        """Where the lines begin and end that it changes."""
        return self.text.rfind("\n", 0, self.start) + 1, self.text.find("\n", self.end)

    @property
    def original(self):
        begin, end = self.whole_lines
        return squeezed(self.text[begin:end])

    @property
    def becomes(self):
        begin, end = self.whole_lines
        return squeezed(self.text[begin:self.start] + self.replacement + self.text[self.end:end])

    @property
    def key(self):
        """The same after the code around it has changed."""
        return self.file, self.function, self.original, self.becomes

    def rank(self, seed):
        """A random number that depends on the mutant and the seed alone: a sample is those of lowest rank, and so mostly the
        same mutants when the code has changed here and there."""
        return hashlib.sha256(repr((seed, self.key)).encode()).hexdigest()


def squeezed(text):
    return " ".join(text.split())


def mutants_of(files, units):
    """files: name => text. units: (source, options, directory) of the translation units that include them. Sorted."""
    found = {}
    for source, options, directory in units:
        anywhere = [f"-I{directory / option[2:]}" if option.startswith("-I") else option for option in options]
        unit = cindex.Index.create().parse(str(directory / source), args=anywhere)
        errors = [str(d) for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if errors:
            raise ValueError("; ".join(errors))
        finder = Finder({str(directory / name): (name, text) for name, text in files.items()})
        finder.visit_unit(unit.cursor)
        for mutant in finder.found:
            found[mutant.file, mutant.start, mutant.end, mutant.replacement] = mutant
    return [found[key] for key in sorted(found)]


class Finder:
    def __init__(self, files):
        self.files = files
        self.function = ""
        self.found = []

    def visit_unit(self, cursor):
        for function in cursor.get_children():
            if function.kind == CursorKind.FUNCTION_DECL and function.is_definition():
                self.function = self.name_of(function)
                for child in function.get_children():
                    if child.kind == CursorKind.COMPOUND_STMT and self.place(child):
                        self.visit(child)

    def name_of(self, function):
        """As it is written, of HMM_AVL(insert) and the like the part in parentheses."""
        path, at = file_position(function.location)
        if path not in self.files or self.files[path][1].startswith(function.spelling, at):
            return function.spelling
        return MADE_NAME.match(self.files[path][1], at)[1]

    # ---- Places ----

    def place(self, cursor):
        """(path, start, end) of a cursor that stands in one of the files as it is written there; else None."""
        begin, end = file_position(cursor.extent.start), file_position(cursor.extent.end)
        path = begin[0]
        if path not in self.files or end[0] != path or begin[1] >= end[1]:
            return None
        return path, begin[1], end[1]

    def text_of(self, place):
        return self.files[place[0]][1][place[1]:place[2]]

    def between(self, left, right):
        """The text between two operands and where it starts: the operator, if it is one; else None."""
        if not left or not right or left[0] != right[0] or left[2] > right[1]:
            return None
        text = self.files[left[0]][1][left[2]:right[1]]
        stripped = text.strip()
        return stripped, left[2] + text.index(stripped) if stripped else left[2]

    def add(self, place, replacement, family):
        name, text = self.files[place[0]]
        if text[place[1]:place[2]] != replacement:
            self.found.append(Mutant(name, place[1], place[2], replacement, family, self.function, text))

    # ---- The tree ----

    def visit(self, cursor):
        if cursor.kind in UNTOUCHED or (cursor.kind == CursorKind.CALL_EXPR and cursor.spelling.startswith(HOOKS)):
            return
        place = self.place(cursor)
        children = list(cursor.get_children())
        if place:
            self.mutate(cursor, place, children)
        for child in children:
            self.visit(child)

    def mutate(self, cursor, place, children):
        kind = cursor.kind
        if kind in (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
            self.mutate_operator(place, *map(self.place, children))
        elif kind == CursorKind.UNARY_OPERATOR:
            self.mutate_unary(place, self.place(children[0]))
        elif kind == CursorKind.INTEGER_LITERAL:
            self.mutate_literal(place)
        elif kind == CursorKind.CONDITIONAL_OPERATOR and len(children) == 3:
            if (self.between(*map(self.place, children[:2])) or ("",))[0] == "?":
                self.mutate_condition(children[0])
        elif kind == CursorKind.IF_STMT or kind in LOOPS:
            self.mutate_condition(self.condition_of(kind, place, children))
        elif kind == CursorKind.RETURN_STMT and children:
            self.mutate_returned(children[0])
        self.delete_statements(kind, place, children)

    def mutate_operator(self, place, left, right):
        operator, at = self.between(left, right) or ("", 0)
        for other in REPLACED.get(operator, []):
            self.add((place[0], at, at + len(operator)), other, FAMILY[operator])
        if operator in ("&&", "||"):
            self.add(place, self.text_of(left), "operand")
            self.add(place, self.text_of(right), "operand")
        if operator in ("<<", ">>"):
            amount = self.text_of(right)
            if not LITERAL.fullmatch(amount):  # which is changed as a constant
                self.add(right, f"({amount} + 1)", "bits")
                self.add(right, f"({amount} - 1)", "bits")

    def mutate_unary(self, place, operand):
        text = self.text_of(place)
        if not operand:
            return
        if text[0] in "!~" and operand[1] > place[1]:
            self.add(place, self.text_of(operand), "logic" if text[0] == "!" else "bits")
        for operator, other in (("++", "--"), ("--", "++")):
            if text.startswith(operator):
                self.add((place[0], place[1], place[1] + 2), other, "arithmetic")
            elif text.endswith(operator):
                self.add((place[0], place[2] - 2, place[2]), other, "arithmetic")

    def mutate_literal(self, place):
        text = self.text_of(place)
        if LITERAL.fullmatch(text):
            self.add(place, f"({text} + 1)", "constant")
            self.add(place, f"({text} - 1)", "constant")

    def condition_of(self, kind, place, children):
        if kind != CursorKind.FOR_STMT:
            return children[-1 if kind == CursorKind.DO_STMT else 0]
        for child in children[:-1]:  # a for statement need not have all parts: the condition stands between two semicolons
            part = self.place(child)
            if not part or child.kind == CursorKind.DECL_STMT:
                continue
            before = self.files[place[0]][1][place[1]:part[1]].rstrip()
            behind = self.files[place[0]][1][part[2]:place[2]].lstrip()
            if before.endswith(";") and behind.startswith(";"):
                return child
        return None

    def mutate_condition(self, condition):
        place = condition and self.place(condition)
        if not place:
            return
        self.add(place, "true", "condition")
        self.add(place, "false", "condition")
        if not self.is_negated_elsewhere(condition):
            self.add(place, f"!({self.text_of(place)})", "condition")

    def is_negated_elsewhere(self, condition):
        """A relation is, and a negation, also inside HMM_UNLIKELY: a mutant of theirs does the same."""
        children = list(condition.get_children())
        place = self.place(condition)
        if condition.kind == CursorKind.BINARY_OPERATOR and len(children) == 2:
            return FAMILY.get((self.between(*map(self.place, children)) or ("",))[0]) == "relation"
        if condition.kind == CursorKind.UNARY_OPERATOR and place and self.text_of(place).startswith("!"):
            return True
        if condition.kind == CursorKind.CALL_EXPR and condition.spelling == "__builtin_expect":
            return self.is_negated_elsewhere(list(condition.get_arguments())[0])
        return len(children) == 1 and condition.kind != CursorKind.CALL_EXPR and self.is_negated_elsewhere(children[0])

    def mutate_returned(self, value):
        place = self.place(value)
        kind = value.type.get_canonical().kind
        if not place or kind in (TypeKind.RECORD, TypeKind.ELABORATED):
            return
        text = self.text_of(place)
        if kind == TypeKind.BOOL:
            for other in ("true", "false"):
                self.add(place, other, "return")
        elif text in ("0", "HMM_OK", "NULL"):
            if kind != TypeKind.POINTER:
                self.add(place, "1", "return")
        else:
            self.add(place, "0", "return")

    def delete_statements(self, kind, place, children):
        """Calls and assignments whose value nobody wants."""
        if kind == CursorKind.COMPOUND_STMT:
            statements = children
        elif kind == CursorKind.IF_STMT:
            statements = children[1:]
        elif kind in (CursorKind.FOR_STMT, CursorKind.WHILE_STMT):
            statements = children[-1:]
        elif kind in (CursorKind.DO_STMT, CursorKind.CASE_STMT, CursorKind.DEFAULT_STMT):
            statements = children[:1] if kind == CursorKind.DO_STMT else children[-1:]
        else:
            statements = []
        for statement in statements:
            if self.is_deletable(statement):
                self.add(self.place(statement), "(void)0", "statement")

    def is_deletable(self, statement):
        place = self.place(statement)
        if not place or (statement.kind == CursorKind.CALL_EXPR and statement.spelling.startswith(HOOKS)):
            return False
        if statement.kind in (CursorKind.CALL_EXPR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR):
            return True
        if statement.kind == CursorKind.UNARY_OPERATOR:
            text = self.text_of(place)
            return text.startswith(("++", "--")) or text.endswith(("++", "--"))
        if statement.kind != CursorKind.BINARY_OPERATOR:
            return False
        operator, _ = self.between(*map(self.place, statement.get_children())) or ("", 0)
        return operator in ASSIGNMENTS


def file_position(location):
    """(path, offset) of a location as it is written: an argument of a macro where it stands, other expansions at the macro's
    name. The binding itself only has the place of the outermost macro."""
    file, offset = cindex.c_object_p(), ctypes.c_uint()
    cindex.conf.lib.clang_getFileLocation(location, ctypes.byref(file), None, None, ctypes.byref(offset))
    return (os.path.normpath(cindex.File(file).name) if file else None), offset.value
