import Foundation

/// A backup on a disk.
public struct BackupFile: Sendable {
    public let path: String
    public let manifest: BackupManifest
    /// Bytes.
    public let size: Int

    /// Reads and verifies the manifest, and with `whole` that no byte of the file was changed. Throws
    /// `ARCHIVE_INVALID`, `VERIFICATION_FAILED`.
    public init(_ path: String, whole: Bool = true) throws {
        let (file, _) = try Self.open(path, whole: whole)
        self = file
    }

    private init(path: String, manifest: BackupManifest, size: Int) {
        self.path = path
        self.manifest = manifest
        self.size = size
    }

    private static func open(_ path: String, whole: Bool) throws -> (BackupFile, RecordReader) {
        let source = try FileSource(path)
        let reader = try RecordReader(source, BackupManifest.format, whole: whole) { _, manifest in
            try BackupManifest.signer(in: manifest)
        }
        let manifest = try BackupManifest(reader.manifest)
        return (BackupFile(path: path, manifest: manifest, size: source.count), reader)
    }

    /// Writes the backup's files into an empty folder. Throws `VERIFICATION_FAILED` for another recovery key.
    public func unpack(into directory: DataDirectory, with key: RecoveryKey) throws {
        guard RecoveryKey.name(of: key.publicKey) == manifest.recoveryKey else {
            throw NodeError(
                .verificationFailed, "the backup was made for another recovery key (\(manifest.recoveryKey))",
                hint: "Use the key that was shown when that one was made.", field: "key")
        }
        let (_, reader) = try Self.open(path, whole: true)
        try directory.create()
        var unpacking = Unpacking(manifest, directory, key)
        try reader.forEach { try unpacking.take($0, $1) }
        try unpacking.finish()
    }

    // MARK: Folders

    static let suffix = ".backup"

    /// A name that sorts by time.
    static func name(of installation: Installation) -> String {
        let time = RFC3339.string(milliseconds: installation.environment.clock.milliseconds())
            .filter { $0 != ":" && $0 != "-" }
        return
            "\(installation.role.rawValue)-\(installation.identity.publicKey.hex.prefix(8))-\(time)\(suffix)"
    }

    /// The backups in a folder, oldest first, and the files that look like one and aren't sound.
    public static func list(_ folder: String) throws -> (backups: [BackupFile], broken: [String]) {
        guard FileManager.default.fileExists(atPath: folder) else { return ([], []) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        var backups: [BackupFile] = [], broken: [String] = []
        for name in names.sorted() where name.hasSuffix(suffix) {
            do { backups.append(try BackupFile("\(folder)/\(name)", whole: false)) } catch is NodeError {
                broken.append("\(folder)/\(name)")
            }
        }
        return (backups.sorted { $0.manifest.createdAt < $1.manifest.createdAt }, broken)
    }
}

/// A backup while it is unpacked: chunks come in the order of the manifest's files.
private struct Unpacking {
    private let manifest: BackupManifest
    private let directory: DataDirectory
    private let recovery: RecoveryKey
    private var key: [UInt8]?
    private var chunks = 0
    private var index = 0
    private var left = 0
    private var output: DurableOutput?

    init(_ manifest: BackupManifest, _ directory: DataDirectory, _ recovery: RecoveryKey) {
        self.manifest = manifest
        self.directory = directory
        self.recovery = recovery
    }

    mutating func take(_ type: UInt8, _ bytes: [UInt8]) throws {
        switch (BackupManifest.Record(rawValue: type), key) {
        case (.key, nil): try openKey(bytes)
        case (.chunk, let key?):
            let plain = try SealedBox.open(
                bytes, key: key, nonce: BackupManifest.nonce(chunks),
                associated: BackupManifest.context(manifest.id, "chunk"))
            chunks += 1
            try write(plain)
        default: throw RecordReader.damaged
        }
    }

    private mutating func openKey(_ bytes: [UInt8]) throws {
        let parts: [CBOR]
        do { parts = try CBOR.decode(bytes, limits: BackupManifest.keyLimits).arrayValue ?? [] } catch {
            throw RecordReader.damaged
        }
        guard parts.count == 2, let ephemeral = parts[0].bytesValue, let box = parts[1].bytesValue else {
            throw RecordReader.damaged
        }
        key = try recovery.open(
            box, ephemeral: ephemeral, context: BackupManifest.context(manifest.id, "key"))
    }

    private mutating func write(_ plain: [UInt8]) throws {
        if output == nil { try next() }
        guard let output, plain.count <= left else { throw RecordReader.damaged }
        try output.append(plain)
        left -= plain.count
        if left == 0 { try close() }
    }

    /// Opens the next file that has bytes; empty ones are made on the way.
    private mutating func next() throws {
        while index < manifest.files.count {
            let file = manifest.files[index]
            output = try DurableOutput("\(directory.path)/\(file.name)")
            left = file.size
            if left > 0 { return }
            try close()
        }
    }

    private mutating func close() throws {
        try output?.commit()
        output = nil
        let file = manifest.files[index], source = try FileSource("\(directory.path)/\(file.name)")
        var hash = StreamingSHA256(), offset = 0
        while offset < source.count {
            let piece = try source.bytes(
                at: offset, count: min(BackupManifest.chunkBytes, source.count - offset))
            hash.update(piece)
            offset += piece.count
        }
        guard source.count == file.size, hash.finalize() == file.hash else { throw RecordReader.damaged }
        index += 1
    }

    mutating func finish() throws {
        if output == nil { try next() }
        guard output == nil, index == manifest.files.count, manifest.files.first?.name == "control.db" else {
            throw RecordReader.damaged
        }
    }
}
