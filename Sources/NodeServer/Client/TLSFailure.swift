import CCurl
import NodeCore

/// A refused handshake, in the words of somebody who runs a school's network.
struct TLSFailure {
    enum Reason: Equatable {
        /// Its authority is none of those that are trusted here.
        case unknownIssuer
        case ended
        case notBegun
        /// Trusted, but for another host.
        case otherHost
        /// No TLS of a version that is taken here.
        case version

        /// `verifyResult` is an X509_V_ERR of OpenSSL. libcurl looks at the name itself, once the chain was good,
        /// and then leaves it at 0, or at 1 as before the handshake.
        init(code: CURLcode, verifyResult: Int) {
            self =
                switch (code, verifyResult) {
                case (CURLE_SSL_CONNECT_ERROR, _): .version
                case (_, 0), (_, 1), (_, 62), (_, 64): .otherHost
                case (_, 9): .notBegun
                case (_, 10): .ended
                default: .unknownIssuer
                }
        }
    }

    let url: RequestURL
    let reason: Reason
    /// What was shown; nil when a second look got nothing to see.
    let leaf: X509Certificate?

    var nodeError: NodeError {
        switch reason {
        case .unknownIssuer: unknownIssuer
        case .otherHost:
            error(
                "what answers at \(url.authority) shows the certificate of “\(leaf?.subject ?? "another host")”",
                """
                A captive portal or a wrong DNS answer may lead there: sign in to the network, check the hub's \
                address. Nothing was sent; the work is kept.
                """)
        case .ended:
            error(
                "the certificate of \(url.authority) has ended\(date(leaf?.notAfter, ": it was good until"))",
                "Check this machine's clock with `node-cli doctor clock`; if it is right, the hub needs a new one."
            )
        case .notBegun:
            error(
                "the certificate of \(url.authority) isn't good yet\(date(leaf?.notBefore, ": it is from"))",
                "Set this machine's clock right; `node-cli doctor clock` says how far it is off.")
        case .version: noCommonVersion
        }
    }

    private var unknownIssuer: NodeError {
        let finding =
            switch leaf {
            case nil: "was made out by somebody whom this machine doesn't trust"
            case let leaf? where leaf.issuer == leaf.subject:
                "vouches for itself (“\(leaf.issuer)”), and this machine doesn't trust it"
            case let leaf?: "was made out by “\(leaf.issuer)”, whom this machine doesn't trust"
            }
        return error(
            """
            the certificate of \(url.authority) \(finding): most often something on the line (content filter, \
            antivirus, proxy) answers in its place and could read along
            """, wayOut)
    }

    private var noCommonVersion: NodeError {
        guard let leaf else {
            return NodeError(
                .hubUnreachable, "no TLS 1.3 connection to \(url.authority) came about",
                hint: "Check host and port; a firewall or content filter may break off connections to it.")
        }
        return error(
            """
            what answers at \(url.authority) speaks no TLS 1.3, as a hub does; its certificate was made out by \
            “\(leaf.issuer)”: a content filter, antivirus or proxy on the line may answer in its place
            """, wayOut)
    }

    private var wayOut: String {
        """
        Have \(url.host) exempted from TLS inspection; or, to let it be inspected, or if that is the authority of \
        the hub itself, name its CA file: node-cli config set ca_file /PATH/FILE. Nothing was sent; the work is kept.
        """
    }

    /// The proxy itself is spoken to over TLS, and isn't trusted.
    static var untrustedProxy: NodeError {
        NodeError(
            .tlsUntrusted, "the certificate of the proxy isn't trusted",
            hint: "Name its CA file: node-cli config set ca_file /PATH/FILE; or write the proxy with http://."
        )
    }

    private func error(_ message: String, _ hint: String) -> NodeError {
        NodeError(.tlsUntrusted, message, hint: hint)
    }

    private func date(_ milliseconds: Int64?, _ words: String) -> String {
        milliseconds.map { "\(words) \(RFC3339.string(milliseconds: $0).prefix(10))" } ?? ""
    }
}
