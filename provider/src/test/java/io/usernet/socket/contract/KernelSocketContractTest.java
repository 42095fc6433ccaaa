package io.usernet.socket.contract;

import io.usernet.config.PassThrough;
import io.usernet.config.StackConfig;
import io.usernet.runtime.Engine;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Our sockets under every contract where they pass to the kernel, over its loopback. */
class KernelSocketContractTest {
    private static final PassThrough LOOPBACK =
            new PassThrough(true, false, false, List.of(), PassThrough.Wildcard.STACK);

    private static Engine engine;

    private static final Subject KERNEL = new OfUsernet(() -> engine, LOOPBACK);

    @BeforeAll
    static void open() {
        engine = Engine.open(StackConfig.defaults(), null, "contract");
    }

    @AfterAll
    static void close() {
        engine.close(0);
    }

    @Nested
    class Connection extends ConnectionContract {
        Connection() {
            super(KERNEL);
        }
    }

    @Nested
    class Server extends ServerContract {
        Server() {
            super(KERNEL);
        }
    }

    @Nested
    class Option extends OptionContract {
        Option() {
            super(KERNEL);
        }
    }

    @Nested
    class Datagram extends DatagramContract {
        Datagram() {
            super(KERNEL);
        }
    }

    @Nested
    class VirtualThread extends VirtualThreadContract {
        VirtualThread() {
            super(KERNEL);
        }
    }
}
