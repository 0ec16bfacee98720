// swift-tools-version: 6.2
// A package of its own: everything in it is built with libFuzzer's instrumentation. `make fuzz` at the root runs it.
import PackageDescription

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "node-cli", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz", dependencies: [.product(name: "FuzzTargets", package: "node-cli")],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ])
    ]
)
