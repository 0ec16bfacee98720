import Foundation

/// A snapshot of a tenant on a disk: the hub's file of it at one position of the log, compressed and signed.
public struct SnapshotFile: Sendable {
    public let path: String
    public let manifest: SnapshotManifest
    /// Bytes.
    public let size: Int
    private let signer: PublicKey

    /// Reads and verifies the manifest, and with `whole` that no byte was changed. `signer`: the hub's key with an
    /// id. Throws `ARCHIVE_INVALID`, `VERIFICATION_FAILED`, `UPGRADE_REQUIRED`.
    public init(_ path: String, whole: Bool, signer: (_ keyID: [UInt8]) -> PublicKey?) throws {
        let source = try FileSource(path)
        let reader = try RecordReader(source, SnapshotManifest.format, whole: whole) { keyID, _ in
            guard let key = signer(keyID) else { throw RecordReader.damaged }
            return key
        }
        self.path = path
        self.signer = reader.signer
        size = source.count
        manifest = try SnapshotManifest(reader.manifest)
    }

    /// Bytes of the file from an offset; fewer at its end.
    public func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        guard offset < size else { return [] }
        return try FileSource(path).bytes(at: offset, count: min(count, size - offset))
    }

    /// Writes the SQLite file that it holds. Throws `VERIFICATION_FAILED` when that isn't the one that was signed.
    public func unpack(to target: String) throws {
        let key = signer, manifest = manifest
        let reader = try RecordReader(FileSource(path), SnapshotManifest.format) { _, _ in key }
        let output = try DurableOutput(target)
        var hash = StreamingSHA256(), left = manifest.fileBytes
        try reader.forEach { type, record in
            guard type == SnapshotManifest.Record.piece.rawValue else { throw RecordReader.damaged }
            // Pages of zeros shrink without bound; the piece's own limit holds.
            let piece: [UInt8]
            do {
                piece = try Zstd.decompress(
                    record, maxOutputBytes: min(left, SnapshotManifest.pieceBytes), maxRatio: .max)
            } catch { throw RecordReader.damaged }
            hash.update(piece)
            left -= piece.count
            try output.append(piece)
        }
        guard left == 0, hash.finalize() == manifest.fileHash else { throw RecordReader.damaged }
        try output.commit()
    }

    /// Compresses and signs a SQLite file. `describe` gets its length and hash.
    public static func write(
        _ source: String, to path: String, signedBy key: SigningKey,
        describe: (_ bytes: Int, _ hash: Hash) -> SnapshotManifest
    ) throws {
        let file = try FileSource(source), output = try DurableOutput(path)
        let writer = try RecordWriter(SnapshotManifest.format) { try output.append($0) }
        var hash = StreamingSHA256(), offset = 0
        while offset < file.count {
            let piece = try file.bytes(
                at: offset, count: min(SnapshotManifest.pieceBytes, file.count - offset))
            hash.update(piece)
            try writer.append(SnapshotManifest.Record.piece.rawValue, Zstd.compress(piece, level: 1))
            offset += piece.count
        }
        try writer.finish(describe(file.count, hash.finalize()).own, signedBy: key)
        try output.commit()
    }
}

extension DataDirectory {
    /// Snapshots that a hub gives out and that a node is fetching.
    public var snapshots: String { path + "/snapshots" }

    public func createSnapshots() throws {
        try DurableFile.makeFolder(snapshots, hint: "Check the rights of the data directory.")
    }

    /// The snapshot that the hub gives to nodes of a tenant.
    public func snapshot(slug: String) -> String { "\(snapshots)/\(slug)\(Self.snapshotSuffix)" }
    static let snapshotSuffix = ".snapshot"

    /// Held while one is made or given. No tenant's files begin so: they have a dot after the slug.
    public func snapshotLock(slug: String) -> String { "\(snapshots)/lock-\(slug)" }

    /// What one is made from, or unpacked to.
    public func snapshotScratch(slug: String) -> String { "\(snapshots)/\(slug).db" }
}

extension Installation {
    /// Hub: removes snapshots that were made a day ago; nodes that still fetch one get another.
    public func removeOldSnapshots() throws {
        guard FileManager.default.fileExists(atPath: directory.snapshots) else { return }
        let day: Int64 = 86_400_000, now = environment.clock.milliseconds()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.snapshots)
        where name.hasSuffix(DataDirectory.snapshotSuffix) {
            let path = "\(directory.snapshots)/\(name)"
            let made = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            guard let made, now - Int64(made.timeIntervalSince1970 * 1000) > day else { continue }
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
