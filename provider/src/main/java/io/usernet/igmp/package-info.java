/**
 * Multicast on the side of a host: which groups are listened to, and IGMP, which tells routers.
 *
 * <pre>
 *   SocketGroups   what one socket wants of each interface: a {@link io.usernet.igmp.SourceFilter} a group
 *        |         (RFC 3376 section 3.1); also says what it receives
 *   Reception      what an interface receives: its sockets' filters merged (section 3.2)
 *        |
 *   IgmpHost       tells the routers on its link about changes, and answers their queries (section 5),
 *                  in the words of version 1 or 2 where a querier speaks those (section 7)
 * </pre>
 *
 * The loopback has a {@code Reception} alone. 224.0.0.1 is always received and never reported. Nothing
 * here has a clock or a thread: time comes in, and delays are random by a seed.
 */
package io.usernet.igmp;
