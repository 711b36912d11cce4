"""Checking a balanced tree, as include/heapmm/avl.h does.

SPDX-License-Identifier: MIT
"""

DEPTH_MOST = 91


class WrongTree(Exception):
    """It is out of order, out of balance, or no tree."""


def depth_for(nodes):
    """How deep a tree of so many nodes can be. depth_for(4) => 3"""
    depth, least, before = 0, 1, 0
    while depth < 45 and nodes >= least:
        depth, least, before = depth + 1, least + before + 1, least
    return depth if nodes < least else DEPTH_MOST


class Tree:
    """Handles are numbers. access: raises something where a handle is no node."""

    def __init__(self, null, child, balance, key, access, depth_most=DEPTH_MOST):
        self.null, self.child, self.balance, self.key, self.access = null, child, balance, key, access
        self.depth_most = depth_most

    def check(self, root, limit):
        """The nodes in order."""
        path, nodes, node, count = [], [], root, 0
        while True:
            while node != self.null:
                if count == limit or len(path) == self.depth_most:
                    raise WrongTree
                self.access(node)
                count += 1
                path.append([node, None, 0])
                node = self.child(node, 0)
            depth = 0
            while path and path[-1][1] is not None:
                _, lesser_depth, balance = path.pop()
                if depth - lesser_depth != balance:
                    raise WrongTree
                depth = 1 + (depth if balance > 0 else lesser_depth)
            if not path:
                return nodes
            node = path[-1][0]
            balance = self.balance(node)
            if (nodes and self.key(nodes[-1]) >= self.key(node)) or not -1 <= balance <= 1:
                raise WrongTree
            nodes.append(node)
            path[-1][1:] = depth, balance
            node = self.child(node, 1)
