package io.usernet.socket.contract;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Makes the sockets that are under the contract. */
interface Subject {
    /** Unconnected. */
    Socket socket() throws IOException;

    /** Unbound. */
    ServerSocket serverSocket() throws IOException;

    /** Unbound. */
    DatagramSocket datagramSocket() throws IOException;

    /** Accepts a connection into a socket that {@link #socket} made. */
    void acceptInto(ServerSocket server, Socket socket) throws IOException;

    /** Where servers are. */
    default InetAddress serverAddress() {
        return InetAddress.getLoopbackAddress();
    }
}
