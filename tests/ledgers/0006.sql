-- A ledger as schema 0006 kept it: that of schema 0005, brought up to date.
BEGIN TRANSACTION;
CREATE TABLE accounts (
	system VARCHAR(300) NOT NULL, 
	account_id VARCHAR(200) NOT NULL, 
	email TEXT NOT NULL, 
	name TEXT NOT NULL, 
	missing BOOLEAN NOT NULL, 
	reading INTEGER NOT NULL, details TEXT, 
	CONSTRAINT pk_accounts PRIMARY KEY (system, account_id)
);
INSERT INTO "accounts" VALUES('fastcredit|https://credits.test','7','7@example.com','Ana',0,2,NULL);
INSERT INTO "accounts" VALUES('fastcredit|https://credits.test','8','8@example.com','Ana',0,1,NULL);
INSERT INTO "accounts" VALUES('fastcredit|https://credits.test','9','9@example.com','Ana',0,1,NULL);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0006');
CREATE TABLE api_tokens (
	id VARCHAR(26) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	email VARCHAR(320) NOT NULL, 
	role VARCHAR(20) NOT NULL, 
	connection VARCHAR(100), 
	created_by VARCHAR(320) NOT NULL, 
	created_at VARCHAR(27) NOT NULL, 
	expires_at VARCHAR(27), 
	used_at VARCHAR(27), 
	revoked_at VARCHAR(27), 
	CONSTRAINT pk_api_tokens PRIMARY KEY (id), 
	CONSTRAINT uq_api_tokens_hash UNIQUE (hash)
);
CREATE TABLE balances (
	system VARCHAR(300) NOT NULL, 
	account_id VARCHAR(200) NOT NULL, 
	unit VARCHAR(40) NOT NULL, 
	reading INTEGER NOT NULL, 
	amount BIGINT, 
	CONSTRAINT pk_balances PRIMARY KEY (system, account_id, unit, reading)
);
INSERT INTO "balances" VALUES('fastcredit|https://credits.test','7','credits',1,10);
INSERT INTO "balances" VALUES('fastcredit|https://credits.test','7','bonus',1,0);
INSERT INTO "balances" VALUES('fastcredit|https://credits.test','8','credits',1,10);
INSERT INTO "balances" VALUES('fastcredit|https://credits.test','8','bonus',1,0);
INSERT INTO "balances" VALUES('fastcredit|https://credits.test','9','credits',1,NULL);
INSERT INTO "balances" VALUES('fastcredit|https://credits.test','9','bonus',1,250);
INSERT INTO "balances" VALUES('fastcredit|https://credits.test','7','credits',2,15);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	system VARCHAR(300) NOT NULL, 
	number INTEGER NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	actor VARCHAR(320) NOT NULL, 
	kind VARCHAR(30) NOT NULL, 
	operation VARCHAR(24), 
	run VARCHAR(26), 
	body TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT uq_events_system_number UNIQUE (system, number)
);
INSERT INTO "events" VALUES(1,'fastcredit|https://credits.test',1,'2026-11-22T04:10:33.034361Z','cli:ana','reading',NULL,'RUN','{"kind":"pull","reading":1}','','e3ae2c1cab99032ea4af0ab50978f02527698dca4bf388846664428126da5faf');
INSERT INTO "events" VALUES(2,'fastcredit|https://credits.test',2,'2026-11-22T04:10:33.068586Z','cli:ana','run_started',NULL,'01M80Q5NQCDC61BPGZQBA4XCAH','{"connection":"main","kind":"push","plan":null}','e3ae2c1cab99032ea4af0ab50978f02527698dca4bf388846664428126da5faf','cdb044145c8108731806aec12953d3a6e18d2bdfbd58ea4cbac3a04bac4681fb');
INSERT INTO "events" VALUES(3,'fastcredit|https://credits.test',3,'2026-11-22T04:10:33.077608Z','cli:ana','lease',NULL,'01M80Q5NQCDC61BPGZQBA4XCAH','{"fence":1}','cdb044145c8108731806aec12953d3a6e18d2bdfbd58ea4cbac3a04bac4681fb','aa72f6e3964b2e70945ca8fe48607fa4669d26e9a8d862f1f4c0b9b7137f4d42');
INSERT INTO "events" VALUES(4,'fastcredit|https://credits.test',4,'2026-11-22T04:10:33.088065Z','cli:ana','queued','DONE','01M80Q5NQCDC61BPGZQBA4XCAH','{"account_id":"7","action":"add","attempt":1,"basis":1,"changes":{"credits":5},"epochs":{"credits":0},"plan":"sha256:1"}','aa72f6e3964b2e70945ca8fe48607fa4669d26e9a8d862f1f4c0b9b7137f4d42','9a687ff3c74055f386bf4549cebd1f64c4d1030407b6955b09a240e141bb5ff3');
INSERT INTO "events" VALUES(5,'fastcredit|https://credits.test',5,'2026-11-22T04:10:33.102083Z','cli:ana','intent','DONE','01M80Q5NQCDC61BPGZQBA4XCAH','{"attempt":1,"before":{"credits":10},"expected":{"credits":15},"fence":1}','9a687ff3c74055f386bf4549cebd1f64c4d1030407b6955b09a240e141bb5ff3','39fac29eda730d5699bd807c6034833065094e97285259cfe22aed049b863c1f');
INSERT INTO "events" VALUES(6,'fastcredit|https://credits.test',6,'2026-11-22T04:10:33.117845Z','cli:ana','accepted','DONE','01M80Q5NQCDC61BPGZQBA4XCAH','{"attempt":1,"fence":1,"words":"words"}','39fac29eda730d5699bd807c6034833065094e97285259cfe22aed049b863c1f','05d83ff833eee83ac267129d438e4a29df4c1936e8e6d833163242ff393c350a');
INSERT INTO "events" VALUES(7,'fastcredit|https://credits.test',7,'2026-11-22T04:10:33.122090Z','cli:ana','reading',NULL,'RUN','{"kind":"verify","reading":2}','05d83ff833eee83ac267129d438e4a29df4c1936e8e6d833163242ff393c350a','93a2ae352e760b7ac6b6af9c06c289798f8c9943e74b09cea8e4ede77175c025');
INSERT INTO "events" VALUES(8,'fastcredit|https://credits.test',8,'2026-11-22T04:10:33.130017Z','cli:ana','confirmed','DONE','01M80Q5NQCDC61BPGZQBA4XCAH','{"attempt":1,"changes":{"credits":5},"evidence":{"kind":"balance"}}','93a2ae352e760b7ac6b6af9c06c289798f8c9943e74b09cea8e4ede77175c025','50c2646eaef6cda8dcea87af4ce274ae7a3943cb296391f706b414e7fe931342');
INSERT INTO "events" VALUES(9,'fastcredit|https://credits.test',9,'2026-11-22T04:10:33.150012Z','cli:ana','queued','LOST','01M80Q5NQCDC61BPGZQBA4XCAH','{"account_id":"8","action":"add","attempt":1,"basis":1,"changes":{"credits":5},"epochs":{"credits":0},"plan":"sha256:1"}','50c2646eaef6cda8dcea87af4ce274ae7a3943cb296391f706b414e7fe931342','cadb21b3883825f3ff46719a0e78c579b0f980bdf6b7db9cd12eb2de56507fd2');
INSERT INTO "events" VALUES(10,'fastcredit|https://credits.test',10,'2026-11-22T04:10:33.153917Z','cli:ana','intent','LOST','01M80Q5NQCDC61BPGZQBA4XCAH','{"attempt":1,"before":{"credits":10},"expected":{"credits":15},"fence":1}','cadb21b3883825f3ff46719a0e78c579b0f980bdf6b7db9cd12eb2de56507fd2','449611430a687b860333ec2f20ec39997142bbb44b8dc3f5a6f7d79b774d1442');
INSERT INTO "events" VALUES(11,'fastcredit|https://credits.test',11,'2026-11-22T04:10:33.157890Z','cli:ana','unknown','LOST','01M80Q5NQCDC61BPGZQBA4XCAH','{"attempt":1,"fence":1,"words":"words"}','449611430a687b860333ec2f20ec39997142bbb44b8dc3f5a6f7d79b774d1442','1a99375e0e35ac6e66f036ecf1706e08ebd4a3b583044f1068d70ad3e6e8faef');
INSERT INTO "events" VALUES(12,'fastcredit|https://credits.test',12,'2026-11-22T04:10:33.162311Z','cli:ana','queued','REFUSED','01M80Q5NQCDC61BPGZQBA4XCAH','{"account_id":"9","action":"add","attempt":1,"basis":1,"changes":{"bonus":5},"epochs":{"bonus":0},"plan":"sha256:1"}','1a99375e0e35ac6e66f036ecf1706e08ebd4a3b583044f1068d70ad3e6e8faef','4f95f955222a9a9eb903d911323df125f63da78a2b46a1c3bc685a1572f54485');
INSERT INTO "events" VALUES(13,'fastcredit|https://credits.test',13,'2026-11-22T04:10:33.173990Z','cli:ana','intent','REFUSED','01M80Q5NQCDC61BPGZQBA4XCAH','{"attempt":1,"before":{"bonus":250},"expected":{"bonus":255},"fence":1}','4f95f955222a9a9eb903d911323df125f63da78a2b46a1c3bc685a1572f54485','5d16dfa5a59ea34ee3e0b7947e770433b4804e2c1a98f6c12dde187acce2fbb0');
INSERT INTO "events" VALUES(14,'fastcredit|https://credits.test',14,'2026-11-22T04:10:33.179242Z','cli:ana','rejected','REFUSED','01M80Q5NQCDC61BPGZQBA4XCAH','{"attempt":1,"fence":1,"words":"words"}','5d16dfa5a59ea34ee3e0b7947e770433b4804e2c1a98f6c12dde187acce2fbb0','af4a97c89997e4d8cde379ffb04f3c01b50b3c11b411000eff46d2e46772967c');
CREATE TABLE holdings (
	system VARCHAR(300) NOT NULL, 
	account_id VARCHAR(200) NOT NULL, 
	unit VARCHAR(40) NOT NULL, 
	amount BIGINT, 
	basis INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	CONSTRAINT pk_holdings PRIMARY KEY (system, account_id, unit)
);
INSERT INTO "holdings" VALUES('fastcredit|https://credits.test','7','credits',15,2,1);
INSERT INTO "holdings" VALUES('fastcredit|https://credits.test','7','bonus',0,1,0);
INSERT INTO "holdings" VALUES('fastcredit|https://credits.test','8','credits',10,1,0);
INSERT INTO "holdings" VALUES('fastcredit|https://credits.test','8','bonus',0,1,0);
INSERT INTO "holdings" VALUES('fastcredit|https://credits.test','9','credits',NULL,1,0);
INSERT INTO "holdings" VALUES('fastcredit|https://credits.test','9','bonus',250,1,0);
CREATE TABLE leases (
	system VARCHAR(300) NOT NULL, 
	fence INTEGER NOT NULL, 
	run VARCHAR(26), 
	actor VARCHAR(320) NOT NULL, 
	machine VARCHAR(200) NOT NULL, 
	pid INTEGER NOT NULL, 
	pid_started VARCHAR(40) NOT NULL, 
	expires_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (system)
);
INSERT INTO "leases" VALUES('fastcredit|https://credits.test',1,'01M80Q5NQCDC61BPGZQBA4XCAH','cli:ana','machine|boot|pid:[1]',4711,'123456','2026-11-22T05:10:33.077321Z');
CREATE TABLE lines (
	"key" VARCHAR(24) NOT NULL, 
	system VARCHAR(300) NOT NULL, 
	connection VARCHAR(100) NOT NULL, 
	account_id VARCHAR(200) NOT NULL, 
	action VARCHAR(20) NOT NULL, 
	changes TEXT NOT NULL, 
	epochs TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	file TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	line INTEGER NOT NULL, 
	run VARCHAR(26) NOT NULL, 
	actor VARCHAR(320) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_lines PRIMARY KEY ("key")
);
CREATE TABLE operation_texts (
	operation VARCHAR(24) NOT NULL, 
	email TEXT NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_operation_texts PRIMARY KEY (operation), 
	CONSTRAINT fk_operation_texts_operation FOREIGN KEY(operation) REFERENCES operations ("key")
);
INSERT INTO "operation_texts" VALUES('DONE','7@example.com','a note');
INSERT INTO "operation_texts" VALUES('LOST','8@example.com','a note');
INSERT INTO "operation_texts" VALUES('REFUSED','9@example.com','a note');
CREATE TABLE operation_units (
	operation VARCHAR(24) NOT NULL, 
	unit VARCHAR(40) NOT NULL, 
	position INTEGER NOT NULL, 
	system VARCHAR(300) NOT NULL, 
	account_id VARCHAR(200) NOT NULL, 
	epoch INTEGER NOT NULL, 
	scale INTEGER NOT NULL, 
	amount BIGINT NOT NULL, 
	at_pull BIGINT, 
	"before" BIGINT, 
	expected BIGINT, 
	CONSTRAINT pk_operation_units PRIMARY KEY (operation, unit), 
	CONSTRAINT fk_operation_units_operation FOREIGN KEY(operation) REFERENCES operations ("key")
);
INSERT INTO "operation_units" VALUES('DONE','credits',0,'fastcredit|https://credits.test','7',0,0,5,10,10,15);
INSERT INTO "operation_units" VALUES('LOST','credits',0,'fastcredit|https://credits.test','8',0,0,5,10,10,15);
INSERT INTO "operation_units" VALUES('REFUSED','bonus',0,'fastcredit|https://credits.test','9',0,2,5,250,250,255);
CREATE TABLE operations (
	"key" VARCHAR(24) NOT NULL, 
	system VARCHAR(300) NOT NULL, 
	connection VARCHAR(100) NOT NULL, 
	account_id VARCHAR(200) NOT NULL, 
	action VARCHAR(20) NOT NULL, 
	reason TEXT NOT NULL, 
	extras TEXT NOT NULL, 
	basis INTEGER NOT NULL, 
	evidence_kind VARCHAR(20) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	attempts INTEGER NOT NULL, 
	closed BOOLEAN NOT NULL, 
	doubtful BOOLEAN NOT NULL, 
	actor VARCHAR(320) NOT NULL, 
	run VARCHAR(26) NOT NULL, 
	"plan" VARCHAR(71) NOT NULL, 
	fence INTEGER NOT NULL, 
	created_at VARCHAR(27) NOT NULL, 
	sent_at VARCHAR(27), 
	left_at VARCHAR(27), 
	settled_at VARCHAR(27), 
	checked_at VARCHAR(27), 
	message TEXT NOT NULL, 
	evidence TEXT, 
	shown BOOLEAN NOT NULL, checks INTEGER DEFAULT '0' NOT NULL, reading INTEGER, 
	CONSTRAINT pk_operations PRIMARY KEY ("key")
);
INSERT INTO "operations" VALUES('DONE','fastcredit|https://credits.test','main','7','add','Goodwill','{"location_id":"3"}',1,'balance','confirmed',1,0,1,'cli:ana','01M80Q5NQCDC61BPGZQBA4XCAH','sha256:1',1,'2026-11-22T04:10:33.088065Z','2026-11-22T04:10:33.102083Z','2026-03-12T09:14:03.000000Z','2026-11-22T04:10:33.130017Z','2026-11-22T04:10:33.130017Z','proven','{"kind":"balance"}',0,0,NULL);
INSERT INTO "operations" VALUES('LOST','fastcredit|https://credits.test','main','8','add','Goodwill','{"location_id":"3"}',1,'balance','unknown',1,0,1,'cli:ana','01M80Q5NQCDC61BPGZQBA4XCAH','sha256:1',1,'2026-11-22T04:10:33.150012Z','2026-11-22T04:10:33.153917Z','2026-03-12T09:14:03.000000Z',NULL,NULL,'words',NULL,0,0,NULL);
INSERT INTO "operations" VALUES('REFUSED','fastcredit|https://credits.test','main','9','add','Goodwill','{"location_id":"3"}',1,'balance','rejected',1,0,0,'cli:ana','01M80Q5NQCDC61BPGZQBA4XCAH','sha256:1',1,'2026-11-22T04:10:33.162311Z','2026-11-22T04:10:33.173990Z','2026-03-12T09:14:03.000000Z','2026-11-22T04:10:33.179242Z',NULL,'words',NULL,0,0,NULL);
CREATE TABLE paces (
	system VARCHAR(300) NOT NULL, 
	board BLOB NOT NULL, 
	CONSTRAINT pk_paces PRIMARY KEY (system)
);
CREATE TABLE plans (
	connection VARCHAR(100) NOT NULL, 
	digest VARCHAR(71) NOT NULL, 
	system VARCHAR(300) NOT NULL, 
	actor VARCHAR(320) NOT NULL, 
	created_at VARCHAR(27) NOT NULL, 
	expires_at VARCHAR(27) NOT NULL, 
	body TEXT NOT NULL, 
	approved_by VARCHAR(320), 
	approved_at VARCHAR(27), 
	refused_by VARCHAR(320), 
	used_by_run VARCHAR(26), decision_reason TEXT, 
	CONSTRAINT pk_plans PRIMARY KEY (connection, digest)
);
CREATE TABLE pulls (
	connection VARCHAR(100) NOT NULL, 
	system VARCHAR(300) NOT NULL, 
	run VARCHAR(26) NOT NULL, 
	reading INTEGER NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_pulls PRIMARY KEY (connection)
);
CREATE TABLE readings (
	system VARCHAR(300) NOT NULL, 
	reading INTEGER NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	run VARCHAR(26), 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_readings PRIMARY KEY (system, reading)
);
INSERT INTO "readings" VALUES('fastcredit|https://credits.test',1,'pull','RUN','2026-11-22T04:10:33.034361Z');
INSERT INTO "readings" VALUES('fastcredit|https://credits.test',2,'verify','RUN','2026-11-22T04:10:33.122090Z');
CREATE TABLE replies (
	caller VARCHAR(320) NOT NULL, 
	"key" VARCHAR(200) NOT NULL, 
	request VARCHAR(64) NOT NULL, 
	status INTEGER, 
	body TEXT, 
	created_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_replies PRIMARY KEY (caller, "key")
);
CREATE TABLE runs (
	run VARCHAR(26) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	connection VARCHAR(100) NOT NULL, 
	system VARCHAR(300) NOT NULL, 
	actor VARCHAR(320) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	"plan" VARCHAR(71), 
	done INTEGER NOT NULL, 
	total INTEGER, 
	cancel BOOLEAN NOT NULL, 
	started_at VARCHAR(27) NOT NULL, 
	ended_at VARCHAR(27), 
	result TEXT, params TEXT, machine VARCHAR(200), pid INTEGER, pid_started VARCHAR(40), 
	CONSTRAINT pk_runs PRIMARY KEY (run)
);
INSERT INTO "runs" VALUES('01M80Q5NQCDC61BPGZQBA4XCAH','push','main','fastcredit|https://credits.test','cli:ana','running',NULL,0,NULL,0,'2026-11-22T04:10:33.068586Z',NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE seals (
	moved_to TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_seals PRIMARY KEY (moved_to)
);
CREATE TABLE sessions (
	hash VARCHAR(64) NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	email VARCHAR(320) NOT NULL, 
	expires_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (hash)
);
CREATE TABLE sheet_links (
	connection VARCHAR(100) NOT NULL, 
	spreadsheet_id VARCHAR(200) NOT NULL, 
	linked_by VARCHAR(320) NOT NULL, 
	linked_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_sheet_links PRIMARY KEY (connection, spreadsheet_id)
);
CREATE TABLE systems (
	system VARCHAR(300) NOT NULL, 
	reading INTEGER NOT NULL, 
	events INTEGER NOT NULL, 
	head VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_systems PRIMARY KEY (system)
);
INSERT INTO "systems" VALUES('fastcredit|https://credits.test',2,14,'af4a97c89997e4d8cde379ffb04f3c01b50b3c11b411000eff46d2e46772967c');
CREATE TABLE workers (
	machine VARCHAR(200) NOT NULL, 
	pid INTEGER NOT NULL, 
	pid_started VARCHAR(40) NOT NULL, 
	seen_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_workers PRIMARY KEY (machine, pid, pid_started)
);
CREATE INDEX ix_events_operation ON events (operation);
CREATE INDEX ix_operations_connection_created_at ON operations (connection, created_at);
CREATE INDEX ix_operations_connection_shown ON operations (connection, shown);
CREATE INDEX ix_runs_connection_started_at ON runs (connection, started_at);
CREATE INDEX ix_runs_state ON runs (state);
CREATE INDEX ix_operation_units_system_account_id_unit ON operation_units (system, account_id, unit);
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE INDEX ix_lines_system_account_id ON lines (system, account_id);
CREATE INDEX ix_lines_run ON lines (run);
CREATE INDEX ix_replies_created_at ON replies (created_at);
CREATE INDEX ix_operations_account_id ON operations (account_id, connection, created_at);
CREATE INDEX ix_operations_run ON operations (run, connection, created_at);
CREATE INDEX ix_operations_actor ON operations (actor, connection, created_at);
CREATE INDEX ix_operations_created_at ON operations (created_at);
CREATE INDEX ix_operations_state ON operations (state, system);
CREATE INDEX ix_operations_system_settled_at ON operations (system, settled_at);
COMMIT;
