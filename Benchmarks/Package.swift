// swift-tools-version: 6.2
// A package of its own, so that the root build stays lean. `make bench` at the root runs it.
import PackageDescription

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "node-cli", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .target(
            name: "CBaselines",
            cSettings: [
                .define("SQLITE_ENABLE_SESSION"), .define("SQLITE_ENABLE_PREUPDATE_HOOK"),
            ],
            linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("zstd")]),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "CBaselines",
                .product(name: "NodeCore", package: "node-cli"),
                .product(name: "SyncEngine", package: "node-cli"),
                .product(name: "NodeServer", package: "node-cli"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ]),
    ]
)
