/// Merkle trees over a list of entries with the hashing of RFC 9162 section 2.1.
///
/// Idea: a leaf is `H(0x00 || entry)`, an inner node `H(0x01 || left || right)`, and the left subtree of
/// n leaves has the largest power of two below n. So the subtrees of 2^k leaves that begin at a multiple of
/// 2^k never change once they are whole; `nodes` are those, by level and index. A root, and a proof of
/// either kind, is made of some log2(n) of them.
public enum MerkleTree {
    /// The hash of a whole subtree: level 0 is a leaf. Nil when it isn't there.
    public typealias Nodes = (_ level: Int, _ index: Int64) throws -> Hash?

    public static func leaf(_ entry: [UInt8]) -> Hash { Digest.sha256([0] + entry) }
    public static func node(_ left: Hash, _ right: Hash) -> Hash {
        Digest.sha256([1] + left.bytes + right.bytes)
    }

    /// The whole subtrees that appending one leaf to a tree of so many completes, the leaf first.
    public static func append(_ leaf: Hash, to size: Int64, nodes: Nodes) throws -> [(level: Int, Hash)] {
        var made: [(level: Int, Hash)] = [(0, leaf)]
        var index = size, level = 0, hash = leaf
        while index & 1 == 1 {
            hash = node(try required(nodes(level, index - 1)), hash)
            level += 1
            index >>= 1
            made.append((level, hash))
        }
        return made
    }

    /// The root of the first `size` leaves; that of no leaves is the hash of nothing.
    public static func root(size: Int64, nodes: Nodes) throws -> Hash {
        guard size > 0 else { return Digest.sha256([]) }
        return try hash(0..<size, nodes)
    }

    /// The audit path of the leaf with an index in a tree of `size` (RFC 9162 section 2.1.3.1).
    public static func inclusion(_ index: Int64, size: Int64, nodes: Nodes) throws -> [Hash] {
        var path: [Hash] = []
        var range = 0..<size
        while range.count > 1 {
            let middle = range.lowerBound + split(range)
            let isLeft = index < middle
            path.append(try hash(isLeft ? middle..<range.upperBound : range.lowerBound..<middle, nodes))
            range = isLeft ? range.lowerBound..<middle : middle..<range.upperBound
        }
        return path.reversed()
    }

    /// The proof that a tree of `old` leaves is a beginning of one of `new` (RFC 9162 section 2.1.4.1).
    public static func consistency(old: Int64, new: Int64, nodes: Nodes) throws -> [Hash] {
        guard old > 0, old < new else { return [] }
        var path: [Hash] = []
        var range = 0..<new, isWhole = true
        while range.upperBound != old {
            let middle = range.lowerBound + split(range)
            if old <= middle {
                path.append(try hash(middle..<range.upperBound, nodes))
                range = range.lowerBound..<middle
            } else {
                path.append(try hash(range.lowerBound..<middle, nodes))
                range = middle..<range.upperBound
                isWhole = false
            }
        }
        if !isWhole { path.append(try hash(range, nodes)) }
        return path.reversed()
    }

    private static func hash(_ range: Range<Int64>, _ nodes: Nodes) throws -> Hash {
        let count = Int64(range.count)
        if count & (count - 1) == 0 {
            return try required(nodes(count.trailingZeroBitCount, range.lowerBound / count))
        }
        let middle = range.lowerBound + split(range)
        return node(try hash(range.lowerBound..<middle, nodes), try hash(middle..<range.upperBound, nodes))
    }

    /// The largest power of two below the number of leaves.
    private static func split(_ range: Range<Int64>) -> Int64 {
        1 << (63 - (Int64(range.count) - 1).leadingZeroBitCount)
    }

    private static func required(_ hash: Hash?) throws -> Hash {
        guard let hash else {
            throw NodeError(
                .corrupt, "a hash of the log's tree is missing", hint: "Run `node-cli audit verify`.")
        }
        return hash
    }
}

/// Checking what a log's operator hands out (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
extension MerkleTree {
    public static func isIncluded(
        _ leaf: Hash, at index: Int64, size: Int64, root: Hash, path: [Hash]
    ) -> Bool {
        guard index >= 0, index < size else { return false }
        var (node, last, hash) = (index, size - 1, leaf)
        for sibling in path {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                hash = Self.node(sibling, hash)
                while node & 1 == 0, node > 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                hash = Self.node(hash, sibling)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 && hash == root
    }

    public static func isConsistent(
        old: Int64, oldRoot: Hash, new: Int64, newRoot: Hash, path: [Hash]
    ) -> Bool {
        // Every log goes on from an empty one: such a proof would prove nothing.
        guard old > 0, old <= new else { return false }
        if old == new { return path.isEmpty && oldRoot == newRoot }
        var path = path
        if old & (old - 1) == 0 { path.insert(oldRoot, at: 0) }
        guard let first = path.first else { return false }
        var (node, last, left, right) = (old - 1, new - 1, first, first)
        while node & 1 == 1 { (node, last) = (node >> 1, last >> 1) }
        for sibling in path.dropFirst() {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                left = Self.node(sibling, left)
                right = Self.node(sibling, right)
                while node & 1 == 0, node > 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                right = Self.node(right, sibling)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 && left == oldRoot && right == newRoot
    }
}
