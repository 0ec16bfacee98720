import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// Connections that begin with TLS, by the certificate of that moment; within it, as `base` has them.
///
/// HummingbirdTLS has the like with one certificate for good.
struct TLSConnections<Base: ServerChildChannel>: ServerChildChannel {
    let certificates: ServerCertificates
    let base: Base

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificates.context))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
