package io.usernet.nio.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.config.StackConfig;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.runtime.Engine;
import io.usernet.wire.Ipv4Address;
import java.net.InetAddress;
import java.nio.channels.spi.SelectorProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/**
 * Our provider under every contract, over the stack's own loopback. Its I/O thread runs the stack, or,
 * with {@code -Dusernet.test.inline=true}, whoever posts.
 */
class UsernetNioContractTest {
    private static final long DRAIN_NS = 5_000_000_000L;

    private static Engine engine;

    private static final Subject USERNET = new OnLoopback(new StackSelectorProvider(() -> engine));

    /** TEST-NET-1 of RFC 5737 is foreign to every stack that has the loopback alone. */
    record OnLoopback(SelectorProvider provider) implements Subject {
        @Override
        public InetAddress foreignAddress() {
            return Ipv4Address.toInetAddress(Ipv4Address.parse("192.0.2.1"));
        }
    }

    @BeforeAll
    static void open() {
        StackConfig config =
                StackConfig.defaults().withInline(Boolean.getBoolean("usernet.test.inline"));
        engine = Engine.open(config, null, "contract");
    }

    @AfterAll
    static void close() {
        engine.close(DRAIN_NS);
        assertEquals(0, engine.memory().inUse(), "bytes of packet memory that nobody gave back");
    }

    @Nested
    class SocketChannelConnect extends SocketChannelConnectContract {
        SocketChannelConnect() {
            super(USERNET);
        }
    }

    @Nested
    class ReadWrite extends ReadWriteContract {
        ReadWrite() {
            super(USERNET);
        }
    }

    @Nested
    class FileTransfer extends FileTransferContract {
        FileTransfer() {
            super(USERNET);
        }
    }

    @Nested
    class AsynchronousClose extends AsynchronousCloseContract {
        AsynchronousClose() {
            super(USERNET);
        }
    }

    @Nested
    class RegisteredClose extends RegisteredCloseContract {
        RegisteredClose() {
            super(USERNET);
        }
    }

    @Nested
    class Interrupt extends InterruptContract {
        Interrupt() {
            super(USERNET);
        }
    }

    @Nested
    class ServerSocketChannel extends ServerSocketChannelContract {
        ServerSocketChannel() {
            super(USERNET);
        }
    }

    @Nested
    class Selector extends SelectorContract {
        Selector() {
            super(USERNET);
        }
    }

    @Nested
    class Select extends SelectContract {
        Select() {
            super(USERNET);
        }
    }

    @Nested
    class SelectorConcurrency extends SelectorConcurrencyContract {
        SelectorConcurrency() {
            super(USERNET);
        }
    }

    @Nested
    class SocketAdaptor extends SocketAdaptorContract {
        SocketAdaptor() {
            super(USERNET);
        }
    }

    @Nested
    class ServerSocketAdaptor extends ServerSocketAdaptorContract {
        ServerSocketAdaptor() {
            super(USERNET);
        }
    }

    @Nested
    class SocketOption extends SocketOptionContract {
        SocketOption() {
            super(USERNET);
        }
    }

    @Nested
    class Pipe extends PipeContract {
        Pipe() {
            super(USERNET);
        }
    }

    @Nested
    class DatagramAddress extends DatagramAddressContract {
        DatagramAddress() {
            super(USERNET);
        }
    }

    @Nested
    class DatagramTransfer extends DatagramTransferContract {
        DatagramTransfer() {
            super(USERNET);
        }
    }

    @Nested
    class DatagramSelect extends DatagramSelectContract {
        DatagramSelect() {
            super(USERNET);
        }
    }

    @Nested
    class DatagramBlocking extends DatagramBlockingContract {
        DatagramBlocking() {
            super(USERNET);
        }
    }

    @Nested
    class DatagramOption extends DatagramOptionContract {
        DatagramOption() {
            super(USERNET);
        }
    }

    @Nested
    class DatagramMulticast extends DatagramMulticastContract {
        DatagramMulticast() {
            super(USERNET);
        }
    }

    @Nested
    class DatagramSocketAdaptor extends DatagramSocketAdaptorContract {
        DatagramSocketAdaptor() {
            super(USERNET);
        }
    }
}
