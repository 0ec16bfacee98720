import TestSupport
import Testing

@testable import NodeCore

@Suite struct RSASignerTests {
    @Test("signs as OpenSSL does")
    func signs() throws {
        let signer = try RSASigner(pem: RSAFixture.key)
        #expect(
            try signer.sign(Array(RSAFixture.message.utf8)).hex
                == RSAFixture.signature.filter { !$0.isWhitespace })
        #expect("\(signer)" == "RSASigner")
        #expect(Mirror(reflecting: signer).children.isEmpty)
    }

    @Test(
        "what is no usable key is refused, and no password is asked for",
        arguments: ["", "nonsense", RSAFixture.encrypted, RSAFixture.short])
    func refused(pem: String) {
        let error = #expect(throws: NodeError.self) { try RSASigner(pem: pem) }
        #expect(error?.code == .configInvalid)
    }
}
