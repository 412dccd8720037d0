// SPDX-License-Identifier: Apache-2.0
// An OPC UA server of node-opcua for opcua.sh and logins.sh.
//
//     node opcua-server.js FOLDER ADDRESS PORT NAME MODES POLICIES WORDS [USER PASSWORD]
//
// MODES and POLICIES are separated by commas ("None,SignAndEncrypt", "None,Basic256Sha256"); a name and a password
// are encrypted as one of the policies other than None says. WORDS: "anonymous" lets strangers in, "plain" takes
// passwords in clear, "no-discovery" has no channel without security, "small-chunks" cuts answers. What is asked of
// it is printed, one line each, and no password. FOLDER keeps its certificate. node-opcua is found by NODE_PATH.
"use strict";
const {
	MessageSecurityMode,
	OPCUACertificateManager,
	OPCUAServer,
	OPCUAServerEndPoint,
	SecurityPolicy,
} = require("node-opcua");

const [folder, address, port, name, modes, policies, words, user, password] = process.argv.slice(2);

function smallChunks(hello) {
	return { maxChunkCount: 16, maxMessageSize: 131072, receiveBufferSize: 8192, sendBufferSize: 8192 };
}

// The server does not hand this option on.
function takePlain() {
	const add = OPCUAServerEndPoint.prototype.addStandardEndpointDescriptions;
	OPCUAServerEndPoint.prototype.addStandardEndpointDescriptions = function (options) {
		return add.call(this, { ...options, allowUnsecurePassword: true });
	};
}

async function main() {
	if (words.includes("plain"))
		takePlain();

	const manager = new OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: false, rootFolder: folder + "/pki" });
	await manager.initialize();
	const server = new OPCUAServer({
		port: Number(port),
		hostname: address,
		host: address,
		serverInfo: {
			applicationName: { text: name, locale: "en" },
			applicationUri: "urn:plant:" + name.replaceAll(" ", "-"),
		},
		allowAnonymous: words.includes("anonymous"),
		disableDiscovery: words.includes("no-discovery"),
		...(words.includes("small-chunks") && { transportSettings: { adjustTransportLimits: smallChunks } }),
		securityModes: modes.split(",").map((m) => MessageSecurityMode[m]),
		securityPolicies: policies.split(",").map((p) => SecurityPolicy[p]),
		userManager: {
			isValidUser: (u, p) => {
				const good = u === user && p === password;
				console.log(`login ${u} ${good ? "accepted" : "refused"}`);
				return good;
			},
		},
		serverCertificateManager: manager,
		disableRegistration: true,
	});
	await server.initialize();
	server.on("request", (request) => console.log(request.constructor.name));
	server.on("session_closed", () => console.log("session closed"));
	await server.start();
	console.log("standing", server.getEndpointUrl());
}
main().catch((e) => {
	console.log(e);
	process.exit(1);
});
