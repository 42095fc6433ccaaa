package io.usernet.socket.contract;

import org.junit.jupiter.api.Nested;

/** The oracle: the JDK's own sockets under every contract. */
class JdkSocketContractTest {
    private static final Subject JDK = new OfTheJdk();

    @Nested
    class Connection extends ConnectionContract {
        Connection() {
            super(JDK);
        }
    }

    @Nested
    class Server extends ServerContract {
        Server() {
            super(JDK);
        }
    }

    @Nested
    class Option extends OptionContract {
        Option() {
            super(JDK);
        }
    }

    @Nested
    class Datagram extends DatagramContract {
        Datagram() {
            super(JDK);
        }
    }

    @Nested
    class VirtualThread extends VirtualThreadContract {
        VirtualThread() {
            super(JDK);
        }
    }
}
