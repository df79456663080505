import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { encodeMessage, type Message } from '../wire/message.js';
import { unreachable, type Wait, withinDeadline } from './deadline.js';
import type { Recursor } from './recursor.js';
import { readReply } from './upstream-reply.js';

/**
 * One query and its reply over UDP.
 *
 * The socket is fresh, so that the kernel picks a random source port for every query, and connected, so that it takes
 * packets from the recursor's address and port only and hears of ICMP errors (RFC 5452 section 9).
 */
export function askUdp(query: Message, recursor: Recursor, wait: Wait): Promise<Message> {
  return withinDeadline(recursor, wait, (resolve, reject) => {
    const packet = encodeMessage(query);
    const socket = createSocket(isIPv6(recursor.host) ? 'udp6' : 'udp4');
    const fail = (cause: Error | null): void => {
      if (cause !== null) reject(unreachable(recursor, cause));
    };
    socket.on('error', fail);
    // Without a callback, errors of send() go unheard.
    socket.once('connect', () => socket.send(packet, fail));
    socket.on('message', (received) => {
      try {
        const reply = readReply(query, received);
        if (reply !== undefined) resolve(reply);
      } catch (error) {
        reject(error);
      }
    });
    socket.connect(recursor.port, recursor.host);
    return () => socket.close();
  });
}
