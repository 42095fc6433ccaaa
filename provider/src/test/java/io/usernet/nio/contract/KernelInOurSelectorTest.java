package io.usernet.nio.contract;

import io.usernet.nio.Kernel;
import io.usernet.nio.StackSelectorProvider;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Nested;

/** The JDK's own channels, registered with our selector as they are. */
class KernelInOurSelectorTest {
    private static final Subject SUBJECT =
            new UsernetNioContractTest.OnLoopback(new OurSelectors());

    /** Selectors of ours, and everything else of the JDK's. */
    private static final class OurSelectors extends StackSelectorProvider {
        OurSelectors() {
            super(() -> null);
        }

        @Override
        public SocketChannel openSocketChannel() throws IOException {
            return Kernel.provider().openSocketChannel();
        }

        @Override
        public ServerSocketChannel openServerSocketChannel() throws IOException {
            return Kernel.provider().openServerSocketChannel();
        }

        @Override
        public DatagramChannel openDatagramChannel() throws IOException {
            return Kernel.provider().openDatagramChannel();
        }

        @Override
        public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
            return Kernel.provider().openDatagramChannel(family);
        }

        @Override
        public Pipe openPipe() throws IOException {
            return Kernel.provider().openPipe();
        }
    }

    @Nested
    class Selector extends SelectorContract {
        Selector() {
            super(SUBJECT);
        }
    }

    @Nested
    class Select extends SelectContract {
        Select() {
            super(SUBJECT);
        }
    }

    @Nested
    class SelectorConcurrency extends SelectorConcurrencyContract {
        SelectorConcurrency() {
            super(SUBJECT);
        }
    }

    @Nested
    class DatagramSelect extends DatagramSelectContract {
        DatagramSelect() {
            super(SUBJECT);
        }
    }

    @Nested
    class Interrupt extends InterruptContract {
        Interrupt() {
            super(SUBJECT);
        }
    }
}
