// The wire between a browser and a node, which can be cut.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Wire {
  #ends = new Set();
  #node;
  #server;

  /** `node` is the node's address. */
  constructor(node) {
    this.#node = node;
  }

  /** Takes connections at `port`, or at any if it is 0; gives the port. */
  async connect(port) {
    this.#server = createServer((near) => {
      const far = connect(Number(this.#node.port), this.#node.hostname);
      for (const [from, to] of [[near, far], [far, near]]) {
        this.#ends.add(from);
        // Whatever becomes of one end becomes of the other.
        from.on("error", () => {}).on("close", () => {
          this.#ends.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return this.#server.address().port;
  }

  /** Ends every connection and takes no more. */
  async cut() {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const end of this.#ends) end.destroy();
    await closed;
  }
}
