import Foundation
import Glibc
import TestSupport
import Testing

/// `serve` with TLS and nodes that come to it.
@Suite(.serialized, .blocking) struct TLSProcessTests {
    private static func vector(_ name: String) -> String { Vectors.url("tls/\(name)").path }

    @Test("serve --dev-tls, join and sync: refused until the certificate is named, then all goes over TLS")
    func devTLS() throws {
        try Stage.run { stage in
            let hub = try stage.hubWithTenant()
            let server = try RunningServer(hub, options: ["--dev-tls"])
            let file = "\(hub.folder)/dev-tls/certificate.pem"
            #expect(waitUntil(seconds: 10) { server.process.messages.contains("config set ca_file") })
            for words in ["listening on https://127.0.0.1:\(server.port) as hub", file, "SHA-256"] {
                #expect(server.process.messages.contains(words), "\(server.process.messages)")
            }
            let node = try stage.node("node")
            let token = try #require(try hub.done("nodes", "invite")["token"].string)
            let join = ["join", "https://localhost:\(server.port)", "--token-file", "-"]
            try node.refuses(join, 10, "TLS_UNTRUSTED", input: token)
            #expect(try hub.done("nodes", "list")["nodes"].items.isEmpty)

            // Relative to the data directory, as every file of the settings.
            try FileManager.default.copyItem(atPath: file, toPath: node.folder + "/hub.pem")
            try node.done("config", "set", "ca_file", "hub.pem")
            #expect(try node.done(join, input: token)["tenant"].string == Site.slug)
            try node.done("teacher", "add", "--name", "Ann", "--email", "ann@t.org", "--school", "North High")
            #expect(try node.done("sync")["pushed"]["deltas"].int == 1)
            #expect(try node.state() == hub.state())
            let doctor = try node.done("doctor", "sync")
            #expect(doctor["ok"].bool == true)
            let line = doctor["findings"].items.first { $0["subject"].string == "line" }
            #expect(line?["message"].string?.contains("made out by “node-cli serve --dev-tls”") == true)

            // Another certificate for the same address, as an inspecting filter has it: named at the first look.
            let other = ["PREPKC_CA_FILE": Self.vector("district-ca.pem")]
            let refused = try node.run("sync", environment: other)
            #expect(refused.status == 10, refused.story)
            #expect(try refused.envelope()["errors"][0]["code"].string == "TLS_UNTRUSTED", refused.story)
            #expect(try node.done("sync")["verdict"].string == "equal", "nothing was lost by it")
            #expect(try server.stop().exit == .status(0))
        }
    }

    @Test("serve takes the files of the settings and, at SIGHUP, new ones; contradictions are refused")
    func files() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            func place(_ name: String) throws {
                for end in ["pem", "key"] {
                    let path = "\(hub.folder)/tls.\(end)"
                    try Data(contentsOf: URL(filePath: Self.vector("\(name).\(end)"))).write(
                        to: URL(filePath: path))
                    chmod(path, 0o600)
                }
            }
            try place("hub")
            try hub.done("config", "set", "tls.certificate_file", "tls.pem")
            let serve = ["serve", "--listen", "127.0.0.1:0"]
            try hub.refuses(serve, 6, "CONFIG_INVALID")
            try hub.done("config", "set", "tls.key_file", "tls.key")
            try hub.refuses(serve + ["--dev-tls"], 2, "USAGE")
            chmod("\(hub.folder)/tls.key", 0o644)
            try hub.refuses(serve, 9, "KEY_PERMISSIONS")
            chmod("\(hub.folder)/tls.key", 0o600)

            let server = try RunningServer(hub)
            try place("renewed")
            server.process.send(SIGHUP)
            #expect(waitUntil(seconds: 30) { server.process.messages.contains("new certificate in use") })
            try Data("nonsense".utf8).write(to: URL(filePath: "\(hub.folder)/tls.pem"))
            server.process.send(SIGHUP)
            #expect(waitUntil(seconds: 30) { server.process.messages.contains("the old one stays in use") })
            #expect(try server.stop().exit == .status(0))
        }
    }

    @Test("plain HTTP beyond this machine needs a word that a proxy speaks TLS")
    func beyondLoopback() throws {
        try Stage.run { stage in
            let hub = try stage.hub()
            let serve = ["serve", "--listen", "0.0.0.0:0"]
            try hub.refuses(serve, 6, "CONFIG_INVALID")
            let child = try stage.start(
                serve + ["--data", hub.folder], environment: ["PREPKC_TLS_PROXY_IN_FRONT": "true"])
            #expect(waitUntil(seconds: 60) { child.messages.contains("listening on http://0.0.0.0:") })
        }
    }
}
