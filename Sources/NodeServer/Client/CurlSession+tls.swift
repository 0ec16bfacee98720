import CCurl
import NodeCore

extension CurlSession {
    /// The words for a transfer that failed in TLS, with the name of who answered; nil for any other.
    ///
    /// libcurl keeps no certificate of a handshake that it refused. So a second one is made that takes
    /// any, and is left at once: nothing is sent over it.
    func tlsFailure(_ code: CURLcode, of transfer: Transfer, url: RequestURL) -> (any Error)? {
        guard code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR,
            transfer.problem == nil, !transfer.stop.isSet
        else { return nil }
        if number(CURLINFO_PROXY_SSL_VERIFYRESULT) != 0 { return TLSFailure.untrustedProxy }
        let reason = TLSFailure.Reason(code: code, verifyResult: number(CURLINFO_SSL_VERIFYRESULT))
        do {
            let leaf = try CurlSession(options: options).presentedCertificate(
                at: url, ofOldVersion: reason == .version, stop: transfer.stop)
            if transfer.stop.isSet { return CancellationError() }
            return TLSFailure(url: url, reason: reason, leaf: leaf).nodeError
        } catch { return error }
    }

    /// The server's certificate that whatever answers at `url` shows; nil when it shows none. `ofOldVersion`:
    /// only one that speaks TLS 1.2 or older, which a hub never does; a line that broke off isn't such a one.
    func presentedCertificate(at url: RequestURL, ofOldVersion: Bool = false, stop: StopFlag)
        -> X509Certificate?
    {
        let transfer = Transfer(maxBytes: 0, stop: stop)
        setConnection(url)
        shim_curl_set_long(handle, CURLOPT_CONNECT_ONLY, 1)
        shim_curl_set_long(handle, CURLOPT_CERTINFO, 1)
        shim_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
        shim_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        let versions = ofOldVersion ? CURL_SSLVERSION_MAX_TLSv1_2 : CURL_SSLVERSION_MAX_DEFAULT
        shim_curl_set_long(handle, CURLOPT_SSLVERSION, versions)
        shim_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 5000)
        shim_curl_set_long(handle, CURLOPT_TIMEOUT_MS, 5000)
        let code = withExtendedLifetime(transfer) {
            setCallbacks(transfer)
            return curl_easy_perform(handle)
        }
        var chain: UnsafeMutablePointer<curl_certinfo>?
        guard code == CURLE_OK, shim_curl_get_certificates(handle, &chain) == CURLE_OK,
            let chain = chain?.pointee, chain.num_of_certs > 0
        else { return nil }
        var field = chain.certinfo[0]
        while let line = field {
            let text = String(cString: line.pointee.data)
            if text.hasPrefix("Cert:") {
                do throws(NodeError) {
                    return try X509Certificate.all(inPEM: Array(text.dropFirst("Cert:".count).utf8)).first
                } catch { return nil }
            }
            field = line.pointee.next
        }
        return nil
    }
}
