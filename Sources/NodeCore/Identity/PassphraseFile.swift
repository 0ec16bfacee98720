import Foundation

/// `keys/passphrase`: what a passphrase opens. It seals one random content key, and that seals the key files; so
/// trying a passphrase costs scrypt once a process, and another passphrase takes effect by replacing this file.
///
/// Deterministic CBOR: 1 version, 2 step, 3 scrypt cost [log2 N, r, p], 4 salt (16 bytes), 5 the content key
/// under scrypt's key, 6 the former content key under this one (nonce first) while a change is under way, 7
/// HMAC-SHA-256 of the step under the content key: nobody without the passphrase can have keys laid open.
struct PassphraseFile {
    enum Step: Int64 {
        /// Key files are being sealed; some may not be yet.
        case sealing = 1
        case sealed = 2
        /// The passphrase is being removed; some key files may still be sealed.
        case opening = 3
    }

    let cost: Scrypt.Cost
    let salt: [UInt8]
    let box: [UInt8]
    var step: Step
    var former: [UInt8]?
    private var mac: [UInt8]

    private static let maxBytes = 1024
    private static let saltBytes = 16
    private static let boxBytes = SealedBox.keyBytes + SealedBox.tagBytes

    /// A new content key under a passphrase; `replacing` is the content key that it follows.
    static func make(
        _ passphrase: [UInt8], cost: Scrypt.Cost, replacing former: [UInt8]?, random: any RandomSource
    ) throws -> (file: PassphraseFile, key: [UInt8]) {
        let salt = try random.bytes(saltBytes), key = try random.bytes(SealedBox.keyBytes)
        let wrapping = try Scrypt.derive(passphrase, salt: salt, cost: cost, length: SealedBox.keyBytes)
        // The salt is new each time, so scrypt's key is used once and the nonce may be anything.
        let box = try SealedBox.seal(key, key: wrapping, nonce: zeroNonce, associated: context(salt))
        var kept: [UInt8]?
        if let former {
            let nonce = try random.bytes(SealedBox.nonceBytes)
            kept = nonce + (try SealedBox.seal(former, key: key, nonce: nonce, associated: context(salt)))
        }
        let file = PassphraseFile(
            cost: cost, salt: salt, box: box, step: .sealing, former: kept, mac: code(.sealing, key))
        return (file, key)
    }

    /// The same file with its files' next step.
    func at(_ step: Step, key: [UInt8]) -> PassphraseFile {
        PassphraseFile(
            cost: cost, salt: salt, box: box, step: step, former: step == .sealed ? nil : former,
            mac: Self.code(step, key))
    }

    /// The content key, and the one that it follows while a change is under way. Throws `KEY_LOCKED` for
    /// another passphrase, `CORRUPT` for a file that was changed.
    func open(_ passphrase: [UInt8]) throws -> [[UInt8]] {
        let wrapping = try Scrypt.derive(passphrase, salt: salt, cost: cost, length: SealedBox.keyBytes)
        let key: [UInt8]
        do {
            key = try SealedBox.open(
                box, key: wrapping, nonce: Self.zeroNonce, associated: Self.context(salt))
        } catch let error as NodeError where error.code == .verificationFailed {
            throw NodeError(
                .keyLocked, "that is not the passphrase of this installation's keys",
                hint: "Check \(KeyVault.sources). Nothing was changed.")
        }
        guard constantTimeEqual(mac, Self.code(step, key)) else { throw Self.damaged }
        guard let former else { return [key] }
        return [
            key,
            try SealedBox.open(
                Array(former.dropFirst(SealedBox.nonceBytes)), key: key,
                nonce: Array(former.prefix(SealedBox.nonceBytes)), associated: Self.context(salt)),
        ]
    }

    // MARK: On disk

    /// Nil when there is none. Throws `KEY_PERMISSIONS`, `CORRUPT`.
    static func read(_ path: String) throws -> PassphraseFile? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        try SecretFile.refuseWide(path, allowed: "0600", fix: "chmod 600 \(path)")
        let source = try FileSource(path)
        guard source.count <= maxBytes else { throw damaged }
        let map: CBOR
        do { map = try CBOR.decode(source.bytes(at: 0, count: source.count)) } catch is CBORError {
            throw damaged
        }
        guard map[1]?.intValue == 1, let step = map[2]?.intValue.flatMap(Step.init),
            let numbers = map[3]?.arrayValue?.compactMap(\.intValue), numbers.count == 3,
            let salt = map[4]?.bytesValue, salt.count == saltBytes, let box = map[5]?.bytesValue,
            box.count == boxBytes, let mac = map[7]?.bytesValue, mac.count == 32,
            map[6].map({ $0.bytesValue?.count == SealedBox.nonceBytes + boxBytes }) ?? true
        else { throw damaged }
        let cost = Scrypt.Cost(
            logN: Int(clamping: numbers[0]), r: Int(clamping: numbers[1]), p: Int(clamping: numbers[2]))
        guard cost.isAcceptable else { throw damaged }
        return PassphraseFile(
            cost: cost, salt: salt, box: box, step: step, former: map[6]?.bytesValue, mac: mac)
    }

    func write(to path: String) throws {
        var map: [Int: CBOR] = [
            1: .int(1), 2: .int(step.rawValue),
            3: .array([.int(Int64(cost.logN)), .int(Int64(cost.r)), .int(Int64(cost.p))]),
            4: .bytes(salt), 5: .bytes(box), 7: .bytes(mac),
        ]
        if let former { map[6] = .bytes(former) }
        try DurableFile.write(CBOR.map(map).encoded(), to: path)
    }

    private static let zeroNonce = [UInt8](repeating: 0, count: SealedBox.nonceBytes)

    private static func context(_ salt: [UInt8]) -> [UInt8] { Array("prepkc/passphrase/v1\0".utf8) + salt }

    private static func code(_ step: Step, _ key: [UInt8]) -> [UInt8] {
        Digest.hmacSHA256(key: key, Array("prepkc/passphrase-step/v1\0\(step.rawValue)".utf8))
    }

    private static var damaged: NodeError {
        NodeError(
            .corrupt, "keys/\(KeyVault.fileName) is damaged",
            hint: "Restore it from where a copy of the folder keys is kept.")
    }
}
