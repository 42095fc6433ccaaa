package io.usernet.nio.contract;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.spi.SelectorProvider;
import org.junit.jupiter.api.Nested;

/** The oracle: the JDK's own provider under every contract. */
class JdkNioContractTest {
    static final Subject JDK =
            new Subject() {
                @Override
                public SelectorProvider provider() {
                    return SelectorProvider.provider();
                }

                @Override
                public InetAddress foreignAddress() {
                    try {
                        // TEST-NET-1, RFC 5737.
                        return InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
                    } catch (UnknownHostException e) {
                        throw new AssertionError(e);
                    }
                }
            };

    @Nested
    class SocketChannelConnect extends SocketChannelConnectContract {
        SocketChannelConnect() {
            super(JDK);
        }
    }

    @Nested
    class ReadWrite extends ReadWriteContract {
        ReadWrite() {
            super(JDK);
        }
    }

    @Nested
    class FileTransfer extends FileTransferContract {
        FileTransfer() {
            super(JDK);
        }
    }

    @Nested
    class AsynchronousClose extends AsynchronousCloseContract {
        AsynchronousClose() {
            super(JDK);
        }
    }

    @Nested
    class RegisteredClose extends RegisteredCloseContract {
        RegisteredClose() {
            super(JDK);
        }
    }

    @Nested
    class Interrupt extends InterruptContract {
        Interrupt() {
            super(JDK);
        }
    }

    @Nested
    class ServerSocketChannel extends ServerSocketChannelContract {
        ServerSocketChannel() {
            super(JDK);
        }
    }

    @Nested
    class Selector extends SelectorContract {
        Selector() {
            super(JDK);
        }
    }

    @Nested
    class Select extends SelectContract {
        Select() {
            super(JDK);
        }
    }

    @Nested
    class SelectorConcurrency extends SelectorConcurrencyContract {
        SelectorConcurrency() {
            super(JDK);
        }
    }

    @Nested
    class SocketAdaptor extends SocketAdaptorContract {
        SocketAdaptor() {
            super(JDK);
        }
    }

    @Nested
    class ServerSocketAdaptor extends ServerSocketAdaptorContract {
        ServerSocketAdaptor() {
            super(JDK);
        }
    }

    @Nested
    class SocketOption extends SocketOptionContract {
        SocketOption() {
            super(JDK);
        }
    }

    @Nested
    class Pipe extends PipeContract {
        Pipe() {
            super(JDK);
        }
    }

    @Nested
    class DatagramAddress extends DatagramAddressContract {
        DatagramAddress() {
            super(JDK);
        }
    }

    @Nested
    class DatagramTransfer extends DatagramTransferContract {
        DatagramTransfer() {
            super(JDK);
        }
    }

    @Nested
    class DatagramSelect extends DatagramSelectContract {
        DatagramSelect() {
            super(JDK);
        }
    }

    @Nested
    class DatagramBlocking extends DatagramBlockingContract {
        DatagramBlocking() {
            super(JDK);
        }
    }

    @Nested
    class DatagramOption extends DatagramOptionContract {
        DatagramOption() {
            super(JDK);
        }
    }

    @Nested
    class DatagramMulticast extends DatagramMulticastContract {
        DatagramMulticast() {
            super(JDK);
        }
    }

    @Nested
    class DatagramSocketAdaptor extends DatagramSocketAdaptorContract {
        DatagramSocketAdaptor() {
            super(JDK);
        }
    }
}
