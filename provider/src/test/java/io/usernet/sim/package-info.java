/** Whole stacks joined by simulated links, in virtual time: no thread, no sleep, the same every time. */
package io.usernet.sim;
