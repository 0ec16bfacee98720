import Foundation
import NodeCore
import TestSupport
import Testing

/// RFC 9162 trees: public vectors, and proofs of every leaf and every pair of sizes of small trees.
@Suite struct MerkleTreeTests {
    private struct Inclusion: Decodable {
        let leafIdx: UInt64, treeSize: UInt64
        let root: Data?, leafHash: Data?, proof: [Data]?
        let wantErr: Bool
    }
    private struct Consistency: Decodable {
        let size1: UInt64, size2: UInt64
        let root1: Data?, root2: Data?, proof: [Data]?
        let wantErr: Bool
    }

    private func files(_ kind: String) throws -> [Data] {
        let folder = Vectors.url("merkle/\(kind)")
        let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (all?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.pathExtension == "json" }
            .sorted { $0.path < $1.path }.map { try Data(contentsOf: $0) }
    }

    private func hashes(_ data: [Data]?) -> [Hash]? {
        let hashes = (data ?? []).compactMap { Hash(bytes: Array($0)) }
        return hashes.count == data?.count ?? 0 ? hashes : nil
    }
    /// Some vectors have words for roots, where only their being equal matters.
    private func root(_ data: Data?) -> Hash? { hash(data) ?? data.map { Digest.sha256(Array($0)) } }
    private func hash(_ data: Data?) -> Hash? { data.flatMap { Hash(bytes: Array($0)) } }

    @Test("inclusion proofs are taken and refused as the public vectors say")
    func inclusionVectors() throws {
        let files = try files("inclusion")
        #expect(files.count > 90)
        for file in files {
            let one = try JSONDecoder().decode(Inclusion.self, from: file)
            var isFine = false
            if let index = Int64(exactly: one.leafIdx), let size = Int64(exactly: one.treeSize),
                let leaf = hash(one.leafHash), let root = hash(one.root), let path = hashes(one.proof)
            {
                isFine = MerkleTree.isIncluded(leaf, at: index, size: size, root: root, path: path)
            }
            #expect(isFine == !one.wantErr)
        }
    }

    @Test("consistency proofs are taken and refused as the public vectors say")
    func consistencyVectors() throws {
        let files = try files("consistency")
        #expect(files.count > 90)
        for file in files {
            let one = try JSONDecoder().decode(Consistency.self, from: file)
            var isFine = false
            if let old = Int64(exactly: one.size1), let new = Int64(exactly: one.size2),
                let oldRoot = root(one.root1), let newRoot = root(one.root2), let path = hashes(one.proof)
            {
                isFine = MerkleTree.isConsistent(
                    old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, path: path)
            }
            #expect(isFine == !one.wantErr)
        }
    }

    @Test("made proofs are taken for every leaf and every pair of sizes, and for no other root")
    func made() throws {
        var nodes: [Int: [Hash]] = [:]
        var roots = [Digest.sha256([])]
        func find(_ level: Int, _ index: Int64) -> Hash? {
            nodes[level].flatMap { Int(index) < $0.count ? $0[Int(index)] : nil }
        }
        for size in 0..<40 {
            let leaf = MerkleTree.leaf([UInt8(size)])
            for (level, hash) in try MerkleTree.append(leaf, to: Int64(size), nodes: find) {
                nodes[level, default: []].append(hash)
            }
            roots.append(try MerkleTree.root(size: Int64(size + 1), nodes: find))
        }
        for size in 1...40 {
            for index in 0..<size {
                let path = try MerkleTree.inclusion(Int64(index), size: Int64(size), nodes: find)
                let leaf = MerkleTree.leaf([UInt8(index)])
                for (other, root) in roots.enumerated() where other > 0 {
                    #expect(
                        MerkleTree.isIncluded(
                            leaf, at: Int64(index), size: Int64(size), root: root, path: path)
                            == (other == size))
                }
            }
            for old in 1...size {
                let path = try MerkleTree.consistency(old: Int64(old), new: Int64(size), nodes: find)
                #expect(
                    MerkleTree.isConsistent(
                        old: Int64(old), oldRoot: roots[old], new: Int64(size), newRoot: roots[size],
                        path: path))
                #expect(
                    !MerkleTree.isConsistent(
                        old: Int64(old), oldRoot: roots[old], new: Int64(size),
                        newRoot: roots[(size + 1) % 40],
                        path: path))
            }
        }
    }
}
