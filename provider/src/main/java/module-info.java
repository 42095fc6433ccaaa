/** A TCP/IP stack in pure Java behind java.nio. Being the JVM's default is opt-in: see usernet.jar. */
module io.usernet.provider {
    exports io.usernet;
    exports io.usernet.config;
    exports io.usernet.frame;
    exports io.usernet.link;
    exports io.usernet.link.wrap;
    exports io.usernet.metrics;
    exports io.usernet.view;
    exports io.usernet.wire;

    uses io.usernet.link.LinkProvider;
}
