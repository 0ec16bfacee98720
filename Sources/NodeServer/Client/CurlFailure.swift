import CCurl
import NodeCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What is known of a transfer that failed, and the words for it.
///
/// libcurl's own detail is left out: it may name a proxy with its password.
struct CurlFailure {
    let code: CURLcode
    /// The hub's host and port.
    let authority: String
    var caFile = ""
    var tooLarge: Transfer.Problem?
    var maxBytes = 0
    /// `errno` of the last connection attempt.
    var systemError: Int32 = 0
    /// The proxy's status for CONNECT, 0 when there was none.
    var proxyStatus = 0
    /// The ways to sign in that the proxy offered (CURLAUTH bits), and whether it was given user and password.
    var proxyLogins = 0
    var proxyHasLogin = false
    /// Whether a proxy of the settings is in between; one of the environment is not known here.
    var usesProxy = false
    /// Whether a connection stood and the request could go out.
    var wasConnected = false

    var nodeError: NodeError {
        if let tooLarge { return sizeError(tooLarge) }
        if proxyStatus != 0, !(200..<300).contains(proxyStatus) { return proxyRefusal }
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY:
            return unreachable("the proxy's name is not known to DNS", "check the proxy setting")
        case CURLE_COULDNT_RESOLVE_HOST:
            return unreachable(
                "the name of the hub \(authority) is not known to DNS",
                "check the hub URL and the network connection")
        case CURLE_COULDNT_CONNECT:
            return connectError
        case CURLE_OPERATION_TIMEDOUT:
            return wasConnected
                ? unreachable(
                    "the hub \(authority) did not finish its answer in time",
                    "try again; the work is kept")
                : unreachable(
                    "no connection to the hub \(authority) in time",
                    "check firewall and proxy: outgoing HTTPS must be allowed")
        case CURLE_PROXY:
            return unreachable("the proxy did not let the connection through", "check the proxy setting")
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR:
            return tlsError
        default:
            return otherError
        }
    }

    private var otherError: NodeError {
        switch code {
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE:
            return unreachable(
                "the connection to the hub \(authority) broke off", "try again; the work is kept")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
            return NodeError(
                .hubAnswer, "what answers at \(authority) does not speak HTTP",
                hint: "check the hub URL and its port")
        case CURLE_URL_MALFORMAT:
            return NodeError(
                .configInvalid, "the hub URL for \(authority) can't be used",
                hint: "write it like https://hub.example.org")
        default:
            let text = String(cString: curl_easy_strerror(code))
            return unreachable("the hub \(authority) could not be reached: \(text)", "try again later")
        }
    }

    private var connectError: NodeError {
        if usesProxy {
            return unreachable(
                "no connection to the proxy could be made", "check the proxy setting and its port")
        }
        return switch systemError {
        case ECONNREFUSED:
            unreachable(
                "the connection to the hub \(authority) was refused: nothing listens there",
                "check that the hub runs, its URL and port, and the proxy if one is set")
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN:
            unreachable("there is no route to the hub \(authority)", "check the network connection")
        default:
            unreachable(
                "no connection to the hub \(authority) could be made",
                "check the hub URL, firewall and proxy")
        }
    }

    private var tlsError: NodeError {
        switch code {
        case CURLE_SSL_CACERT_BADFILE:
            NodeError(
                .configInvalid, "the certificate authorities in '\(caFile)' can't be read",
                hint: "Check ca_file in node.yaml: a PEM file that this user can read.", field: "ca_file")
        default:
            unreachable(
                "no TLS connection to \(authority): it may not speak TLS 1.3",
                "check the port, and the proxy in between")
        }
    }

    private var proxyRefusal: NodeError {
        guard proxyStatus == 407 else {
            return unreachable(
                "the proxy refused the connection to \(authority) (\(proxyStatus))",
                "ask for \(authority) to be allowed in the proxy")
        }
        let names = [(1, "Basic"), (2, "Digest"), (4, "Negotiate"), (8, "NTLM")]
            .filter { proxyLogins & $0.0 != 0 }.map(\.1)
        let offer = names.isEmpty ? "" : "; it takes \(names.joined(separator: ", "))"
        let what = proxyHasLogin ? "doesn't accept the user name or password" : "asks for a login"
        return unreachable(
            "the proxy \(what) (407\(offer))",
            """
            Run `node-cli config set proxy -` and type http://USER:PASSWORD@HOST:PORT; http://:@HOST:PORT signs in \
            with this machine's Kerberos ticket. Or have \(authority) let through without a login.
            """)
    }

    private func sizeError(_ problem: Transfer.Problem) -> NodeError {
        let what = problem == .headers ? "header fields" : "body is larger than \(maxBytes) bytes"
        return NodeError(
            .hubAnswer,
            problem == .headers
                ? "the answer of \(authority) has too many \(what)"
                : "the answer of \(authority) is refused: its \(what)",
            hint: "check that the hub URL names a hub, and its version")
    }

    private func unreachable(_ message: String, _ hint: String) -> NodeError {
        NodeError(.hubUnreachable, message, hint: hint)
    }
}
