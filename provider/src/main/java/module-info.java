/** A TCP/IP stack behind java.nio. */
module io.usernet.provider {}
