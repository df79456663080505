import { connect } from 'node:net';
import { encodeMessage, type Message } from '../wire/message.js';
import { unreachable, type Wait, withinDeadline } from './deadline.js';
import { ForwardError } from './error.js';
import { formatRecursor, type Recursor } from './recursor.js';
import { readReply } from './upstream-reply.js';

/** One query and its reply over a TCP connection of their own (RFC 1035 section 4.2.2). */
export function askTcp(query: Message, recursor: Recursor, wait: Wait): Promise<Message> {
  return withinDeadline(recursor, wait, (resolve, reject) => {
    const packet = encodeMessage(query);
    const socket = connect({ host: recursor.host, port: recursor.port, noDelay: true });
    let received = Buffer.alloc(0);
    socket.on('error', (cause) => reject(unreachable(recursor, cause)));
    socket.on('end', () => reject(unusable(recursor, 'connection closed before its end')));
    socket.on('data', (chunk) => {
      // At most 65,537 bytes of one reply and one chunk; the few replies that come this way come in few chunks.
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE()) return;
      try {
        const reply = readReply(query, received.subarray(2, 2 + received.readUInt16BE()));
        if (reply === undefined) reject(unusable(recursor, 'not about the question'));
        else if (reply.truncated) reject(unusable(recursor, 'truncated over TCP'));
        else resolve(reply);
      } catch (error) {
        reject(error);
      }
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(packet.length);
    socket.write(Buffer.concat([length, packet]));
    return () => socket.destroy();
  });
}

function unusable(recursor: Recursor, state: string): ForwardError {
  return new ForwardError('bad-reply', `Cannot use reply of ${formatRecursor(recursor)}: ${state}`);
}
