/**
 * The public door: {@link io.usernet.Stack} for embedders, {@link io.usernet.UsernetProvider} for the
 * channels of a whole JVM, {@link io.usernet.UsernetSockets} for its plain sockets.
 *
 * <h2>Where a received segment goes</h2>
 *
 * <ol>
 *   <li>Whoever holds the seat of the {@code runtime.Loop} reads the clock and runs a turn of {@code
 *       stack.NetworkStack}, which asks {@code link.LinkDevice} for a batch of frames (perhaps through
 *       a decorator of {@code link.wrap}).
 *   <li>{@code NetworkStack} looks at the Ethernet header and gives the frame to {@code neighbor} (ARP)
 *       or to {@code ip}: {@code wire.Ipv4.check}, header checksum, is it ours.
 *   <li>{@code wire.Tcp.check} and the checksum; then the demultiplexer finds the {@code tcp.Endpoint}
 *       of the four-tuple.
 *   <li><strong>{@code tcp.Connection.onSegment}</strong> handles it by the steps of RFC 9293 section
 *       3.10.7: text becomes slices in the stream's {@code buffer.ReceiveQueue}, acknowledgements go
 *       to {@code tcp.Sender}, deadlines to {@code time.Deadlines}. The endpoint is marked dirty.
 *   <li>At the end of the batch the dirty endpoints are polled for segments (one ACK for many
 *       segments), and the threads and selectors of streams that became ready are queued as {@code
 *       buffer.Wakeups}, to be woken once the seat is left.
 *   <li>The application's {@code read} copies out of the slices. If the window has room again, the
 *       channel posts that to the loop, which lets go of the slices.
 * </ol>
 *
 * <h2>Where a written byte goes</h2>
 *
 * <ol>
 *   <li>{@code nio.StackSocketChannel.write} (write lock, open and connected) lets {@code
 *       tcp.Stream.write} copy it into a chunk of the stream's {@code buffer.SendQueue}: the one copy.
 *   <li>The stream is posted to its loop, which acts in this thread or in the I/O thread.
 *   <li>In the seat, {@code tcp.Connection.pollTransmit}: {@code tcp.Sender} asks the congestion window
 *       ({@code tcp.cc}), the peer's window, the MSS and Nagle; it writes the header into the frame's
 *       header slice, refers to the payload where it lies, and arms the retransmission timer.
 *   <li>{@code ip} prepends its header by the route, {@code neighbor} gives the hardware address or
 *       keeps the frame until it has it.
 *   <li>{@code LinkDevice.transmit} answers DONE, HELD or FULL. The acknowledgement frees the chunk;
 *       crossing the low-water mark makes the channel writable.
 * </ol>
 *
 * <h2>Where a datagram goes</h2>
 *
 * <p>{@code stack.UdpService} finds the socket that one is for, and {@code udp.UdpEndpoint} puts its
 * slices into the {@code buffer.DatagramReceiveQueue}, from which {@code udp.UdpSocket.receive} copies
 * them. {@code udp.UdpSocket.send} copies into the {@code buffer.DatagramSendQueue}; in the seat, {@code
 * UdpService.transmit} points frames at that, and its memory goes when no frame holds it.
 *
 * <p>{@code tcp} does not know {@code ip}: it gets its MSS and news of the path as calls. Only {@code
 * nio} and {@code aio} know the types of java.nio.channels. A package uses only those above it in this
 * list: wire, time, frame, buffer, metrics, view, config, link, neighbor, ip, tcp, udp, stack, runtime,
 * nio, aio, socket.
 */
package io.usernet;
