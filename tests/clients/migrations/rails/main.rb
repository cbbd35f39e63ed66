# ActiveRecord makes tables, adopts one by a migration; moves, refusals and history go through the models.
require "active_record"

ActiveRecord::Base.establish_connection(adapter: "postgresql", host: ENV["PGHOST"], port: ENV["PGPORT"], username: ENV["PGUSER"],
                                        database: ENV["PGDATABASE"])
ActiveRecord::Migration.verbose = false

class CreateIssues < ActiveRecord::Migration[6.1]
  def change
    create_table :issues do |t|
      t.string :title, null: false
      t.integer :priority, null: false, default: 3
      t.timestamps
    end
    create_table :comments do |t|
      t.references :issue, null: false, foreign_key: { on_delete: :cascade }
      t.text :body
    end
  end
end

# region migration
class AdoptIssues < ActiveRecord::Migration[6.1]
  def up
    execute "SELECT phasegate.create_workspace('flow', tickets => 'issues')"
  end

  def down
    execute "SELECT phasegate.detach_workspace('flow', for_good => true)"
  end
end
# endregion

class ApplicationRecord < ActiveRecord::Base
  self.abstract_class = true
end

# region models
class Issue < ApplicationRecord
  has_many :moves, -> { order(:created_at) }, primary_key: :ticket_uuid, foreign_key: :ticket_id
end

# What phasegate wrote down.
class Move < ApplicationRecord
  self.table_name = "flow.phase_history"

  def readonly?
    true
  end
end
# endregion

def check(is_true)
  raise "line #{caller_locations(1, 1).first.lineno}" unless is_true
end

CreateIssues.migrate(:up)
Issue.create!([{ title: "Printer on fire" }, { title: "Mail is late" }])
AdoptIssues.migrate(:up)
Issue.reset_column_information

fire, mail = Issue.order(:id).to_a
fire.update!(phase_id: "PHASE_REQUIREMENTS")
# region refused
begin
  fire.update!(phase_id: "PHASE_DONE")
rescue ActiveRecord::StatementInvalid => error
  code = error.cause.result.error_field(PG::Result::PG_DIAG_CONSTRAINT_NAME)
  fire.reload
end
# endregion
check code == "invalid_transition" && fire.phase_id == "PHASE_REQUIREMENTS"
check fire.moves.pluck(:to_phase, :transition_reason) == [["PHASE_BACKLOG", "adopted"], ["PHASE_REQUIREMENTS", nil]]
check Issue.where(phase_id: "PHASE_BACKLOG") == [mail]
check Issue.where(phase_id: %w[PHASE_BACKLOG PHASE_DESIGN]) == [mail]
check Issue.create!(title: "No dial tone").reload.phase_id == "PHASE_BACKLOG"
# As a test suite empties its tables, by database_cleaner or db:truncate_all.
Issue.connection.execute("TRUNCATE issues RESTART IDENTITY CASCADE")
check Move.count == 0
AdoptIssues.migrate(:down)
AdoptIssues.migrate(:up)
