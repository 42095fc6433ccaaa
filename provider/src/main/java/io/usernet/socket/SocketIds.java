package io.usernet.socket;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;

/** The options that java.net's sockets know by number, on a leg. */
final class SocketIds {
    private SocketIds() {}

    static void set(Socket leg, int id, Object value) throws SocketException {
        switch (id) {
            case SocketOptions.SO_TIMEOUT -> leg.setSoTimeout((Integer) value);
            case SocketOptions.SO_LINGER -> {
                boolean on = value instanceof Integer;
                leg.setSoLinger(on, on ? (Integer) value : 0);
            }
            case SocketOptions.SO_OOBINLINE -> leg.setOOBInline((Boolean) value);
            case SocketOptions.SO_KEEPALIVE -> leg.setKeepAlive((Boolean) value);
            case SocketOptions.SO_REUSEADDR -> leg.setReuseAddress((Boolean) value);
            case SocketOptions.SO_SNDBUF -> leg.setSendBufferSize((Integer) value);
            case SocketOptions.SO_RCVBUF -> leg.setReceiveBufferSize((Integer) value);
            case SocketOptions.TCP_NODELAY -> leg.setTcpNoDelay((Boolean) value);
            case SocketOptions.IP_TOS -> leg.setTrafficClass((Integer) value);
            case SocketOptions.SO_REUSEPORT -> {
                try {
                    leg.setOption(StandardSocketOptions.SO_REUSEPORT, (Boolean) value);
                } catch (IOException e) {
                    throw Failures.asSocketException(e);
                }
            }
            default -> throw unknown(id);
        }
    }

    static Object get(Socket leg, int id) throws SocketException {
        return switch (id) {
            case SocketOptions.SO_TIMEOUT -> leg.getSoTimeout();
            case SocketOptions.SO_LINGER -> {
                int seconds = leg.getSoLinger();
                yield seconds < 0 ? (Object) false : (Object) seconds;
            }
            case SocketOptions.SO_OOBINLINE -> leg.getOOBInline();
            case SocketOptions.SO_KEEPALIVE -> leg.getKeepAlive();
            case SocketOptions.SO_REUSEADDR -> leg.getReuseAddress();
            case SocketOptions.SO_SNDBUF -> leg.getSendBufferSize();
            case SocketOptions.SO_RCVBUF -> leg.getReceiveBufferSize();
            case SocketOptions.TCP_NODELAY -> leg.getTcpNoDelay();
            case SocketOptions.IP_TOS -> leg.getTrafficClass();
            case SocketOptions.SO_BINDADDR -> leg.getLocalAddress();
            case SocketOptions.SO_REUSEPORT -> {
                try {
                    yield leg.getOption(StandardSocketOptions.SO_REUSEPORT);
                } catch (IOException e) {
                    throw Failures.asSocketException(e);
                }
            }
            default -> throw unknown(id);
        };
    }

    static void set(ServerSocket leg, int id, Object value) throws SocketException {
        switch (id) {
            case SocketOptions.SO_TIMEOUT -> leg.setSoTimeout((Integer) value);
            case SocketOptions.SO_REUSEADDR -> leg.setReuseAddress((Boolean) value);
            case SocketOptions.SO_RCVBUF -> leg.setReceiveBufferSize((Integer) value);
            default -> throw unknown(id);
        }
    }

    static Object get(ServerSocket leg, int id) throws SocketException {
        try {
            return switch (id) {
                case SocketOptions.SO_TIMEOUT -> leg.getSoTimeout();
                case SocketOptions.SO_REUSEADDR -> leg.getReuseAddress();
                case SocketOptions.SO_RCVBUF -> leg.getReceiveBufferSize();
                default -> throw unknown(id);
            };
        } catch (IOException e) {
            throw Failures.asSocketException(e);
        }
    }

    static SocketException unknown(int id) {
        return new SocketException("Unknown option " + id);
    }
}
