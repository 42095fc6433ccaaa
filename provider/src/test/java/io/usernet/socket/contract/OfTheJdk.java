package io.usernet.socket.contract;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;

/** The oracle. */
final class OfTheJdk implements Subject {
    @Override
    public Socket socket() {
        return new Socket();
    }

    @Override
    public ServerSocket serverSocket() throws IOException {
        return new Server();
    }

    @Override
    public DatagramSocket datagramSocket() throws SocketException {
        return new DatagramSocket(null);
    }

    @Override
    public void acceptInto(ServerSocket server, Socket socket) throws IOException {
        ((Server) server).acceptInto(socket);
    }

    private static final class Server extends ServerSocket {
        Server() throws IOException {}

        void acceptInto(Socket socket) throws IOException {
            implAccept(socket);
        }
    }
}
