import CCurl
import NodeCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One libcurl easy handle; it keeps its connections, DNS answers and TLS sessions between requests.
///
/// Not for two threads at once: `CurlClient` holds it behind a lock.
struct CurlSession: ~Copyable {
    let handle: UnsafeMutableRawPointer
    let options: CurlClient.Options

    /// Throws `INTERNAL` when libcurl cannot start.
    init(options: CurlClient.Options) throws {
        guard curlStarted, let handle = curl_easy_init() else {
            throw NodeError(
                .internalError, "libcurl could not start", hint: "check the installed libcurl")
        }
        self.handle = handle
        self.options = options
    }

    deinit { curl_easy_cleanup(handle) }

    /// Whether libcurl could be set up in this process.
    static var isStarted: Bool { curlStarted }

    mutating func perform(_ request: HTTPRequest, stop: StopFlag) throws -> HTTPResponse {
        if stop.isSet { throw CancellationError() }
        let url = try RequestURL(request.url)
        let transfer = Transfer(maxBytes: options.maxResponseBytes, stop: stop)
        let fields = try HeaderLines(request)
        curl_easy_reset(handle)
        defer { curl_easy_reset(handle) }
        setConnection(url)
        setTimes(request)
        let code = withExtendedLifetime((transfer, fields)) {
            setCallbacks(transfer)
            shim_curl_set_list(handle, CURLOPT_HTTPHEADER, fields.list)
            // The body's address is used during the transfer only, and it is in scope that long.
            return request.body.withUnsafeBytes { body in
                setMethod(request.method, body: body)
                return curl_easy_perform(handle)
            }
        }
        guard code == CURLE_OK, transfer.problem == nil else {
            throw tlsFailure(code, of: transfer, url: url) ?? failure(code, of: transfer, url: url)
        }
        let status = number(CURLINFO_RESPONSE_CODE)
        return HTTPResponse(status: status, headers: transfer.headers, body: transfer.body)
    }

    func setConnection(_ url: RequestURL) {
        let path = url.query.map { url.path + "?" + $0 } ?? url.path
        shim_curl_set_string(handle, CURLOPT_URL, "\(url.scheme)://\(url.authority)\(path)")
        shim_curl_http_only(handle)
        shim_curl_set_string(handle, CURLOPT_USERAGENT, options.userAgent)
        let one: [CURLoption] = [
            CURLOPT_NOSIGNAL, CURLOPT_PATH_AS_IS, CURLOPT_SUPPRESS_CONNECT_HEADERS, CURLOPT_TCP_KEEPALIVE,
            CURLOPT_SSL_VERIFYPEER,
        ]
        for option in one { shim_curl_set_long(handle, option, 1) }
        shim_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        shim_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        let oldest = options.caFile == nil ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2
        shim_curl_set_long(handle, CURLOPT_SSLVERSION, oldest)
        shim_curl_set_long(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        if let file = options.caFile {
            shim_curl_set_string(handle, CURLOPT_CAINFO, file)
            shim_curl_set_string(handle, CURLOPT_PROXY_CAINFO, file)
        }
        setProxy(url)
    }

    private func setProxy(_ url: RequestURL) {
        // Whoever has a user name has no ticket; and libcurl, once it took Negotiate, tries nothing else.
        shim_curl_set_proxy_login(handle, ProxyAddress(proxy(for: url))?.hasUser == true ? 1 : 0)
        if let proxy = explicitProxy(for: url) {
            shim_curl_set_string(handle, CURLOPT_PROXY, proxy)
            // It is meant for every host, also with `no_proxy` in the environment.
            shim_curl_set_string(handle, CURLOPT_NOPROXY, "")
        } else if options.proxy != .environment || url.scheme == "http" {
            // An empty name keeps libcurl from looking at the environment.
            shim_curl_set_string(handle, CURLOPT_PROXY, "")
        }
    }

    /// Plain HTTP stays on this machine: a proxy elsewhere would carry it away in clear.
    private func explicitProxy(for url: RequestURL) -> String? {
        guard case .url(let proxy) = options.proxy else { return nil }
        return url.scheme == "https" || Loopback.contains(ProxyAddress(proxy)?.host ?? "") ? proxy : nil
    }

    /// The one that libcurl is going to use, unless `no_proxy` exempts the host.
    private func proxy(for url: RequestURL) -> String? {
        explicitProxy(for: url) ?? (options.proxy == .environment ? ProxyAddress.ofEnvironment : nil)
    }

    private func setTimes(_ request: HTTPRequest) {
        let connect = min(options.connectTimeout, .seconds(10))
        shim_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, connect.wholeMilliseconds)
        let total = request.timeout ?? options.timeout
        shim_curl_set_long(handle, CURLOPT_TIMEOUT_MS, total.wholeMilliseconds)
    }

    private func setMethod(_ method: String, body: UnsafeRawBufferPointer) {
        if method == "HEAD" {
            shim_curl_set_long(handle, CURLOPT_NOBODY, 1)
        } else if method == "GET", body.isEmpty {
            shim_curl_set_long(handle, CURLOPT_HTTPGET, 1)
        } else {
            shim_curl_set_long(handle, CURLOPT_POST, 1)
            shim_curl_set_off(handle, CURLOPT_POSTFIELDSIZE_LARGE, numericCast(body.count))
            // Without an address libcurl would ask a read callback for the body.
            let address = body.baseAddress ?? UnsafeRawPointer(handle)
            shim_curl_set_pointer(handle, CURLOPT_POSTFIELDS, address)
        }
        shim_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, method)
    }

    func setCallbacks(_ transfer: Transfer) {
        let address = Unmanaged.passUnretained(transfer).toOpaque()
        shim_curl_set_pointer(handle, CURLOPT_HEADERDATA, address)
        shim_curl_set_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.at(context)?.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        shim_curl_set_pointer(handle, CURLOPT_WRITEDATA, address)
        shim_curl_set_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.at(context)?.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        if options.refusesPrivateAddresses { setAddressCheck(address) }
        shim_curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        shim_curl_set_pointer(handle, CURLOPT_XFERINFODATA, address)
        shim_curl_set_progress(handle) { context, _, _, _, _ in
            Transfer.at(context)?.stop.isSet == false ? 0 : 1
        }
    }

    /// Looks at each address before a connection to it is tried; not where a proxy is in between.
    private func setAddressCheck(_ transfer: UnsafeMutableRawPointer) {
        guard options.proxy == .none else { return }
        shim_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, transfer)
        shim_curl_set_opensocket(handle) { context, _, address in
            guard let address else { return CURL_SOCKET_BAD }
            let place = address.pointee
            // The struct ends with a sockaddr behind which there is room for longer ones.
            let start = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
            let isPublic = PublicAddress.contains(
                UnsafeRawPointer(address).advanced(by: start), family: place.family)
            guard isPublic else {
                Transfer.at(context)?.problem = .privateAddress
                return CURL_SOCKET_BAD
            }
            return socket(place.family, place.socktype | Int32(SOCK_CLOEXEC.rawValue), place.`protocol`)
        }
    }

    private func failure(_ code: CURLcode, of transfer: Transfer, url: RequestURL) -> any Error {
        if transfer.stop.isSet { return CancellationError() }
        if transfer.problem == .privateAddress {
            return NodeError(
                .hubUnreachable, "the name \(url.authority) leads to a private or loopback address",
                hint: "Check this network's DNS: the address was refused.")
        }
        var facts = CurlFailure(code: code, authority: url.authority)
        facts.caFile = options.caFile ?? ""
        facts.tooLarge = transfer.problem
        facts.maxBytes = options.maxResponseBytes
        facts.usesProxy = explicitProxy(for: url) != nil
        facts.systemError = Int32(truncatingIfNeeded: number(CURLINFO_OS_ERRNO))
        facts.proxyStatus = number(CURLINFO_HTTP_CONNECTCODE)
        facts.proxyLogins = number(CURLINFO_PROXYAUTH_AVAIL)
        facts.proxyHasLogin = ProxyAddress(proxy(for: url))?.hasLogin == true
        var time: curl_off_t = 0
        shim_curl_get_off(handle, CURLINFO_PRETRANSFER_TIME_T, &time)
        facts.wasConnected = time > 0
        return facts.nodeError
    }

    func number(_ fact: CURLINFO) -> Int {
        var value = 0
        shim_curl_get_long(handle, fact, &value)
        return value
    }
}

/// Set up once a process, before any handle; false when libcurl refuses.
private let curlStarted = shim_curl_global_init() == CURLE_OK

extension Duration {
    /// At least one, and never more than libcurl takes on any platform.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let bounded = Int(clamping: min(max(seconds, 0), 2_000_000))
        return max(1, bounded * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
