package io.usernet.socket.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.config.PassThrough;
import io.usernet.config.StackConfig;
import io.usernet.runtime.Engine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Our sockets on the stack under every contract, over its own loopback. */
class StackSocketContractTest {
    private static final long DRAIN_NS = 5_000_000_000L;

    private static Engine engine;

    private static final Subject STACK = new OfUsernet(() -> engine, PassThrough.NONE);

    @BeforeAll
    static void open() {
        engine = Engine.open(StackConfig.defaults(), null, "contract");
    }

    @AfterAll
    static void close() {
        engine.close(DRAIN_NS);
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @Nested
    class Connection extends ConnectionContract {
        Connection() {
            super(STACK);
        }
    }

    @Nested
    class Server extends ServerContract {
        Server() {
            super(STACK);
        }
    }

    @Nested
    class Option extends OptionContract {
        Option() {
            super(STACK);
        }
    }

    @Nested
    class Datagram extends DatagramContract {
        Datagram() {
            super(STACK);
        }
    }

    @Nested
    class VirtualThread extends VirtualThreadContract {
        VirtualThread() {
            super(STACK);
        }
    }
}
