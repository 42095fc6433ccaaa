/** Decorators that wrap any link, such as the packet trace. They change nothing that the stack sees. */
package io.usernet.link.wrap;
