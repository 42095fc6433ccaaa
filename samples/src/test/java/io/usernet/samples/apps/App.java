package io.usernet.samples.apps;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The applications, each with the class path and the flags that are its own. */
enum App {
    JDK_HTTP(JdkHttp.class, List.of()),
    JETTY(JettyHttp.class, List.of("org.eclipse.jetty", "org.slf4j")),
    NETTY(NettyHttp.class, List.of("io.netty")),
    NETTY_TLS(NettyHttp.class, List.of("io.netty"), "-Dkeystore=" + Keys.FILE),
    NETTY_4_1(NettyHttp.class, List.of(), "-Dnetty=4.1") {
        @Override
        void addLibraries(Jvm jvm) throws IOException {
            jvm.withLibraries(Path.of(System.getProperty("apps.directory"), "netty-4.1"));
        }
    },
    TOMCAT(TomcatHttp.class, List.of("org.apache.tomcat"), tomcat("Http11NioProtocol")),
    TOMCAT_NIO2(TomcatHttp.class, List.of("org.apache.tomcat"), tomcat("Http11Nio2Protocol")),
    SPRING_BOOT(SpringBootHttp.class, List.of()) {
        @Override
        void addLibraries(Jvm jvm) {
            jvm.withExecutable(NestedJar.FILE);
        }
    },
    UNDERTOW(
            UndertowHttp.class,
            List.of("io.undertow", "org.jboss", "org.wildfly", "io.smallrye.common")),
    VERTX(VertxHttp.class, List.of("io.vertx", "io.netty", "com.fasterxml.jackson")),
    GRPC(GrpcCalls.class, List.of("io.grpc", "com.google", "io.perfmark")),
    ZOOKEEPER(
            ZooKeeperNode.class,
            List.of(
                    "org.apache.zookeeper",
                    "org.apache.yetus",
                    "commons-io",
                    "io.dropwizard.metrics",
                    "org.xerial.snappy",
                    "org.slf4j",
                    "io.netty"), // for the names of its TLS settings only
            "-Dzookeeper.forceSync=no",
            // it warns of each client that is killed
            "-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.NIOServerCnxn=error") {
        @Override
        boolean isExpected(String line) {
            return line.contains("maxCnxns is not configured");
        }
    },
    KAFKA(
            KafkaBroker.class,
            List.of(
                    "org.apache.kafka",
                    "org.apache.logging.log4j",
                    "org.scala-lang",
                    "com.typesafe",
                    "com.fasterxml.jackson",
                    "com.github",
                    "com.yammer",
                    "com.google.re2j",
                    "com.dynatrace",
                    "at.yawk",
                    "commons-beanutils",
                    "commons-collections",
                    "commons-digester",
                    "commons-logging",
                    "commons-validator",
                    "net.sf.jopt-simple",
                    "net.sourceforge",
                    "org.bitbucket",
                    "org.hdrhistogram",
                    "org.pcollections",
                    "org.xerial",
                    "org.yaml",
                    "org.slf4j")) {
        @Override
        boolean isExpected(String line) {
            return line.contains("Performing controller activation")
                    || line.contains("Attempting to close NetworkClient");
        }
    };

    private final Class<?> main;
    private final List<String> groups;
    private final List<String> flags;

    /**
     * @param groups of which libraries it is given those on the class path of the test, by the names
     *     that their groups begin with
     */
    App(Class<?> main, List<String> groups, String... flags) {
        this.main = main;
        this.groups = groups;
        this.flags = List.of(flags);
    }

    private static String[] tomcat(String protocol) {
        return new String[] {
            "-Dprotocol=" + protocol,
            // as its own start script has them
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
            "--add-opens=java.rmi/sun.rmi.transport=ALL-UNNAMED"
        };
    }

    Class<?> main() {
        return main;
    }

    List<String> flags() {
        return flags;
    }

    /** Whether it is known to print this line on the JDK's own provider, too. */
    boolean isExpected(String line) {
        return false;
    }

    void addLibraries(Jvm jvm) throws IOException {
        jvm.withLibraries(groups);
    }
}
